// The loaded native library with its environment. ONNX Runtime allows one environment in a process, so there is one of these; it lives until the end,
// because the GPU device of a provider belongs to it and is slow to make.

namespace Ditar.Onnx;

public sealed unsafe class OnnxLibrary
{
    private static readonly Lock Gate = new();
    private static OnnxLibrary? shared;

    // Lives as long as the process, like the library.
    private static readonly OnnxLog Log = new();

    private OnnxLibrary(OrtApi api, string path)
    {
        (Api, Path) = (api, path);
        nint environment;
        using (var name = new Utf8("ditar"))
        {
            api.Check(((delegate* unmanaged<nint, nint, int, byte*, nint*, nint>)api[OrtFunction.CreateEnvWithCustomLogger])(
                OnnxLog.Function, Log.Number, (int)OnnxSeverity.Warning, name.First, &environment));
        }

        Environment = new OrtHandle(api, environment, OrtFunction.ReleaseEnv);
        api.Check(((delegate* unmanaged<nint, nint>)api[OrtFunction.DisableTelemetryEvents])(environment));
        nint memory;
        // OrtDeviceAllocator, OrtMemTypeDefault: plain memory of the processor, owned by others.
        api.Check(((delegate* unmanaged<int, int, nint*, nint>)api[OrtFunction.CreateCpuMemoryInfo])(0, 0, &memory));
        CpuMemory = new OrtHandle(api, memory, OrtFunction.ReleaseMemoryInfo);
        nint allocator;
        api.Check(((delegate* unmanaged<nint*, nint>)api[OrtFunction.GetAllocatorWithDefaultOptions])(&allocator));
        Allocator = allocator;
        ProviderNames = api.AvailableProviders();
    }

    /// <summary>The library, loaded at the first call.</summary>
    /// <exception cref="OnnxLibraryException">It is missing, too old, or built for another machine. The next call looks again.</exception>
    public static OnnxLibrary Shared
    {
        get
        {
            lock (Gate)
            {
                if (shared is not null) return shared;
                var (api, path) = LibrarySearch.Load();
                return shared = new OnnxLibrary(api, path);
            }
        }
    }

    /// <summary>The file that was loaded.</summary>
    public string Path { get; }

    /// <summary>"1.30.0".</summary>
    public string Version => Api.Version;

    /// <summary>Execution providers that are compiled into the library, by ONNX Runtime's names; whether they work here is another question.</summary>
    public IReadOnlyList<string> ProviderNames { get; }

    /// <summary>Warnings and errors that belong to no session, such as a provider's about its device.</summary>
    public static IReadOnlyList<OnnxMessage> Messages => Log.Messages;

    internal OrtApi Api { get; }

    internal OrtHandle Environment { get; }

    internal OrtHandle CpuMemory { get; }

    /// <summary>Takes back names that sessions allocate. Belongs to the library, never released.</summary>
    internal nint Allocator { get; }
}
