// Where the native library is looked for, in this order: DITAR_ONNXRUNTIME (a file or a folder; nothing else is tried when it is set), beside the program,
// .deps/onnxruntime/<platform> of the checkout that the current directory or the program lies in, and what the system's loader finds by name.

using System.Runtime.InteropServices;

namespace Ditar.Onnx;

internal static class LibrarySearch
{
    public const string Variable = "DITAR_ONNXRUNTIME";

    public const string HowToGet = $"In a checkout eng/fetch-onnxruntime.sh fetches it; elsewhere name the library or its folder in {Variable}.";

    /// <summary>What the file is called, the likeliest first.</summary>
    public static IReadOnlyList<string> FileNames { get; } =
        OperatingSystem.IsWindows() ? ["onnxruntime.dll"]
        : OperatingSystem.IsMacOS() ? ["libonnxruntime.1.dylib", "libonnxruntime.dylib"]
        : ["libonnxruntime.so.1", "libonnxruntime.so"];

    /// <summary>Loads the library from the first place that has it.</summary>
    /// <exception cref="OnnxLibraryException">It is nowhere, or what was found cannot be used.</exception>
    public static (OrtApi Api, string Path) Load() =>
        Load(Environment.GetEnvironmentVariable(Variable), AppContext.BaseDirectory, Directory.GetCurrentDirectory(), FileNames[0]);

    /// <param name="named">The variable's value.</param>
    /// <param name="systemName">What the system's loader is asked for.</param>
    internal static (OrtApi Api, string Path) Load(string? named, string program, string current, string systemName)
    {
        if (!string.IsNullOrEmpty(named))
        {
            var file = Directory.Exists(named) ? InFolder(named) : File.Exists(named) ? named : null;
            return file is null
                ? throw new OnnxLibraryException($"{Variable} names {named}, where there is no {string.Join(" or ", FileNames)}. {HowToGet}")
                : Open(Path.GetFullPath(file));
        }

        var places = Places(program, current);
        if (places.Select(InFolder).FirstOrDefault(file => file is not null) is { } found) return Open(found);
        if (NativeLibrary.TryLoad(systemName, out var library)) return (Bind(library, systemName), $"{systemName} of the system");
        throw new OnnxLibraryException(
            $"ONNX Runtime's library was not found: looked for {string.Join(" or ", FileNames)} in {string.Join(", ", places)}, and asked the system for {systemName}. {HowToGet}");
    }

    /// <summary>The folders that are looked into.</summary>
    internal static IReadOnlyList<string> Places(string program, string current)
    {
        program = Path.TrimEndingDirectorySeparator(program);
        var places = new List<string> { program, Path.Combine(program, "runtimes", LibraryFile.ThisPlatform, "native") };
        foreach (var root in new[] { Checkout(current), Checkout(program) })
            if (root is not null) places.Add(Path.Combine(root, ".deps", "onnxruntime", LibraryFile.ThisPlatform));
        return [.. places.Distinct()];
    }

    /// <exception cref="OnnxLibraryException">The file is not a library, is one for another machine, or is not ONNX Runtime of a version that we need.</exception>
    internal static (OrtApi Api, string Path) Open(string path)
    {
        try
        {
            return (Bind(NativeLibrary.Load(path), path), path);
        }
        catch (Exception fault) when (fault is DllNotFoundException or BadImageFormatException)
        {
            var platform = LibraryFile.PlatformOf(path);
            var found = platform is null ? "a file that is not a library"
                : platform != LibraryFile.ThisPlatform ? $"one for {platform}"
                : $"one that cannot be loaded ({fault.Message.ReplaceLineEndings(" ").Trim()})";
            throw new OnnxLibraryException($"{path}: expected ONNX Runtime's library for {LibraryFile.ThisPlatform}, found {found}. {HowToGet}", fault);
        }
    }

    private static OrtApi Bind(nint library, string path) =>
        NativeLibrary.TryGetExport(library, OrtApi.Entry, out var entry)
            ? OrtApi.Ask(entry, path)
            : throw new OnnxLibraryException($"{path}: expected ONNX Runtime's library, found one without {OrtApi.Entry}. {HowToGet}");

    private static string? InFolder(string folder) => FileNames.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    // Only inside a checkout does looking upwards make sense; elsewhere it would load strangers' code.
    private static string? Checkout(string folder)
    {
        for (var above = new DirectoryInfo(folder); above is not null; above = above.Parent)
            if (File.Exists(Path.Combine(above.FullName, "Ditar.sln"))) return above.FullName;
        return null;
    }
}
