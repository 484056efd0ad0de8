// How a graph is loaded and run. The defaults are those of a comparison: one thread, deterministic kernels, everything optimised that keeps the meaning.

namespace Ditar.Onnx;

/// <summary>What ONNX Runtime may do to a graph before it runs, in its own numbers.</summary>
public enum OnnxOptimization
{
    None = 0,
    Basic = 1,
    Extended = 2,
    All = 99,
}

public sealed record OnnxSessionOptions
{
    public const int MostThreads = 1024;

    /// <summary>Threads inside an operator.</summary>
    public int Threads { get; init; } = 1;

    public OnnxOptimization Optimization { get; init; } = OnnxOptimization.All;

    /// <summary>Where the operators run. What a GPU provider has no kernel for runs on the CPU; <see cref="OnnxSession.Assignment"/> counts them.</summary>
    public OnnxProvider Provider { get; init; } = OnnxProvider.Cpu;

    /// <summary>The provider's own settings, besides those that the binding makes.</summary>
    public IReadOnlyDictionary<string, string> ProviderSettings { get; init; } = new Dictionary<string, string>();

    /// <summary>Kernels that give the same bits at every run, where a provider has both kinds.</summary>
    public bool Deterministic { get; init; } = true;

    /// <summary>Whether threads spin while they wait for the next operator: mostly a few percent faster, and a core that is never idle.</summary>
    public bool Spinning { get; init; }

    /// <summary>Messages from this level on are kept in <see cref="OnnxSession.Messages"/>.</summary>
    public OnnxSeverity Severity { get; init; } = OnnxSeverity.Warning;

    internal unsafe OrtHandle Make(OnnxLibrary library, OnnxLog log)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Threads, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Threads, MostThreads);
        var api = library.Api;
        var options = api.Create(OrtFunction.CreateSessionOptions, OrtFunction.ReleaseSessionOptions);
        try
        {
            api.Set(OrtFunction.SetIntraOpNumThreads, options, Threads);
            api.Set(OrtFunction.SetInterOpNumThreads, options, 1);
            api.Set(OrtFunction.SetSessionGraphOptimizationLevel, options, (int)Optimization);
            api.Set(OrtFunction.SetSessionLogSeverityLevel, options, (int)Severity);
            api.Check(((delegate* unmanaged<nint, byte, nint>)api[OrtFunction.SetDeterministicCompute])(options.Value, Deterministic ? (byte)1 : (byte)0));
            api.Check(((delegate* unmanaged<nint, nint, nint, nint>)api[OrtFunction.SetUserLoggingFunction])(options.Value, OnnxLog.Function, log.Number));
            // Who computes what, for Assignment.
            Configure(api, options, "session.record_ep_graph_assignment_info", "1");
            Configure(api, options, "session.intra_op.allow_spinning", Spinning ? "1" : "0");
            ProviderAppend.To(api, options, this);
            return options;
        }
        catch
        {
            options.Dispose();
            throw;
        }
    }

    private static unsafe void Configure(OrtApi api, OrtHandle options, string key, string value)
    {
        using var texts = new Utf8(key, value);
        api.Check(((delegate* unmanaged<nint, byte*, byte*, nint>)api[OrtFunction.AddSessionConfigEntry])(options.Value, texts.Pointers[0], texts.Pointers[1]));
    }
}
