// Finding the native library, and what is said when it is not there or is not what it should be.

using System.Runtime.InteropServices;
using Ditar.Onnx;

namespace Ditar.Tests.Onnx;

public sealed class LibrarySearchTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("ditar-onnx-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void What_the_variable_names_is_all_that_is_looked_at()
    {
        var message = Assert.Throws<OnnxLibraryException>(() => LibrarySearch.Load(Path.Combine(folder, "nowhere"), folder, folder, "no-such-library")).Message;
        Assert.Contains(Path.Combine(folder, "nowhere"), message);
        Assert.Contains("eng/fetch-onnxruntime.sh", message);
        Assert.Contains(LibrarySearch.FileNames[0], Assert.Throws<OnnxLibraryException>(() => LibrarySearch.Load(folder, folder, folder, "no-such-library")).Message);
    }

    [Fact]
    public void The_places_are_the_program_then_the_checkout_and_nothing_above_it()
    {
        var root = Directory.CreateDirectory(Path.Combine(folder, "checkout"));
        File.WriteAllText(Path.Combine(root.FullName, "Ditar.sln"), "");
        var program = Directory.CreateDirectory(Path.Combine(root.FullName, "bin", "net")).FullName;
        var platform = LibraryFile.ThisPlatform;
        Assert.Equal(
            [program, Path.Combine(program, "runtimes", platform, "native"), Path.Combine(root.FullName, ".deps", "onnxruntime", platform)],
            LibrarySearch.Places(program + Path.DirectorySeparatorChar, folder));
        Assert.Equal(3, LibrarySearch.Places(folder, program).Count);
        Assert.Equal(2, LibrarySearch.Places(folder, folder).Count);
    }

    [Fact]
    public void A_library_that_is_nowhere_is_an_error_with_all_places_and_the_way_to_get_it()
    {
        var message = Assert.Throws<OnnxLibraryException>(() => LibrarySearch.Load(null, folder, folder, "no-such-library")).Message;
        foreach (var place in LibrarySearch.Places(folder, folder)) Assert.Contains(place, message);
        Assert.Contains("no-such-library", message);
        Assert.Contains("eng/fetch-onnxruntime.sh", message);
        Assert.Contains("DITAR_ONNXRUNTIME", message);
    }

    [Fact]
    public void The_nearest_place_wins_even_if_its_file_is_bad()
    {
        var bad = Path.Combine(folder, LibrarySearch.FileNames[0]);
        File.WriteAllText(bad, "no library");
        Assert.Contains(bad, Assert.Throws<OnnxLibraryException>(() => LibrarySearch.Load("", folder, OnnxFixture.Checkout, "no-such-library")).Message);
    }

    [Fact]
    public void A_file_that_is_no_library_and_one_for_another_machine_are_named_as_what_they_are()
    {
        var path = Path.Combine(folder, "library");
        File.WriteAllText(path, "this is no library");
        Assert.Contains("not a library", Assert.Throws<OnnxLibraryException>(() => LibrarySearch.Open(path)).Message);

        // The head of a library for the other of the two processors.
        var other = LibraryFile.ThisPlatform.EndsWith("x64", StringComparison.Ordinal) ? (Machine: (byte)0xB7, Name: "linux-arm64") : (Machine: (byte)0x3E, Name: "linux-x64");
        var head = new byte[64];
        "\u007fELF\u0002\u0001\u0001"u8.CopyTo(head);
        head[16] = 3;
        head[18] = other.Machine;
        File.WriteAllBytes(path, head);
        var message = Assert.Throws<OnnxLibraryException>(() => LibrarySearch.Open(path)).Message;
        Assert.Contains(other.Name, message);
        Assert.Contains(LibraryFile.ThisPlatform, message);
    }

    [Fact]
    public void Platforms_are_read_from_the_heads_of_all_three_formats()
    {
        byte[] elf = [.. "\u007fELF"u8, .. new byte[14], 0x3E, 0];
        var pe = new byte[256];
        "MZ"u8.CopyTo(pe);
        pe[60] = 0x80;
        (pe[0x84], pe[0x85]) = (0x64, 0xAA);
        byte[] mach = [0xCF, 0xFA, 0xED, 0xFE, 0x0C, 0, 0, 1];
        Assert.Equal(["linux-x64", "win-arm64", "osx-arm64"], new[] { elf, pe, mach }.Select(head => LibraryFile.PlatformOf(head)));

        // A header that points outside of what was read, cut heads, other machines.
        (pe[60], pe[61], pe[62], pe[63]) = (0xFF, 0xFF, 0xFF, 0xFF);
        Assert.All(new[] { pe, elf[..19], mach[..7], [] }, head => Assert.Null(LibraryFile.PlatformOf(head)));
        elf[18] = 0x28;
        Assert.Equal("linux-machine-28", LibraryFile.PlatformOf(elf));
    }

    [Fact]
    public void Another_library_is_refused()
    {
        var other = Directory.EnumerateFiles(RuntimeEnvironment.GetRuntimeDirectory(), "*System.Native.*").First(file => !file.EndsWith(".dll", StringComparison.Ordinal) || OperatingSystem.IsWindows());
        Assert.Contains("without OrtGetApiBase", Assert.Throws<OnnxLibraryException>(() => LibrarySearch.Open(other)).Message);
    }

    [Fact]
    public void An_older_version_is_refused_with_both_versions()
    {
        // A library whose OrtGetApiBase gives a version and no table.
        var text = Marshal.StringToCoTaskMemUTF8("1.17.3");
        VersionText version = () => text;
        TableOf table = asked => asked == OrtApi.TableVersion ? 0 : 1;
        nint[] functions = [Marshal.GetFunctionPointerForDelegate(table), Marshal.GetFunctionPointerForDelegate(version)];
        var pin = GCHandle.Alloc(functions, GCHandleType.Pinned);
        ApiBase entry = pin.AddrOfPinnedObject;
        try
        {
            var message = Assert.Throws<OnnxLibraryException>(() => OrtApi.Ask(Marshal.GetFunctionPointerForDelegate(entry), "/lib/old.so")).Message;
            foreach (var told in new[] { "/lib/old.so", "1.17.3", "1.24 or later" }) Assert.Contains(told, message);
        }
        finally
        {
            pin.Free();
            Marshal.FreeCoTaskMem(text);
            GC.KeepAlive((version, table, entry));
        }
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate nint VersionText();

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate nint TableOf(uint version);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate nint ApiBase();
}
