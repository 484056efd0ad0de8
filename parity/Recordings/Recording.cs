// One run of one engine: who ran what where, what went in, what came out. Everything that a comparison needs and a recorded file keeps
// (docs/recorded-runs.md).

using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ditar.Parity;

/// <summary>Which rules an engine's numbers are held to.</summary>
internal enum EngineKind
{
    /// <summary>The float64 definition: the truth.</summary>
    Oracle,

    /// <summary>Our float32 kernels.</summary>
    Ours,

    /// <summary>Exported graphs on a CPU.</summary>
    GraphCpu,

    /// <summary>Exported graphs on a GPU, in hardware or software.</summary>
    GraphGpu,

    /// <summary>The fused engine with weights that are what the checkpoint holds: float32, or bf16 where they are bf16 numbers already.</summary>
    Engine,

    /// <summary>The fused engine with weights rounded to bf16.</summary>
    EngineBFloat16,

    /// <summary>The fused engine with 8-bit weights and activations.</summary>
    EngineInt8,

    /// <summary>The fused engine with 4-bit weights in the language model and 8-bit ones elsewhere.</summary>
    EngineInt4,
}

/// <param name="Name">Its column: "simd float32", "onnx cpu".</param>
/// <param name="Provider">What computed: a kernel set or an execution provider, with the adapter where there is one.</param>
/// <param name="Versions">Of the libraries.</param>
/// <param name="Layers">Whether tensors inside modules were recorded, not only module outputs.</param>
internal sealed record EngineIdentity(string Name, EngineKind Kind, string Provider, string Versions, bool Layers);

/// <param name="Processor">Model name.</param>
/// <param name="Vectors">Widest vectors that the runtime uses.</param>
internal sealed record MachineIdentity(string Processor, string Vectors, int Threads, string System, string Runtime)
{
    public static MachineIdentity Here { get; } = new(
        ProcessorName(),
        Vector512.IsHardwareAccelerated ? "512 bits" : Vector256.IsHardwareAccelerated ? "256 bits" : Vector128.IsHardwareAccelerated ? "128 bits" : "none",
        Environment.ProcessorCount,
        $"{RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}",
        RuntimeInformation.FrameworkDescription);

    private static string ProcessorName()
    {
        const string key = "model name";
        try
        {
            if (File.Exists("/proc/cpuinfo") && File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal)) is { } line)
                return line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // A locked-down machine does not say; the architecture has to do.
        }

        return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}

/// <param name="Seed">Of the seeded inputs and all noise.</param>
/// <param name="Date">UTC.</param>
/// <param name="Inputs">Named scenario/call/port.</param>
/// <param name="Outputs">Named scenario/call/path, in the order in which they were computed.</param>
internal sealed record Recording(
    EngineIdentity Engine, MachineIdentity Machine, ModelIdentity Model, ulong Seed, DateTime Date, IReadOnlyList<RecordedTensor> Inputs,
    IReadOnlyList<RecordedTensor> Outputs)
{
    /// <summary>Without what is inside modules.</summary>
    public Recording OutputsOnly() => this with
    {
        Engine = Engine with { Layers = false },
        Outputs = [.. Outputs.Where(tensor => ParityRow.KindOf(tensor) is RowKind.Output or RowKind.FreeRunning)],
    };
}
