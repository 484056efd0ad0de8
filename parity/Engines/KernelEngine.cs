// Our own definition on a kernel set, in float64 (the oracle) or float32. It computes what the exported graph of the same name does.

using Ditar.Reference;
using Ditar.Reference.Kernels;
using Ditar.Reference.Speech;
using Ditar.Reference.Tracing;
using Ditar.Simd;

namespace Ditar.Parity;

internal sealed class KernelEngine : IParityEngine
{
    private readonly ElementType type;
    private readonly IKernels kernels;
    private readonly ParityModel model;
    private readonly Networks networks;

    private KernelEngine(ParityModel model, ElementType type, IKernels kernels, EngineIdentity identity)
    {
        (this.type, this.kernels, Identity) = (type, kernels, identity);
        this.model = model;
        networks = model.At(type);
    }

    public EngineIdentity Identity { get; }

    /// <summary>The float64 definition on plain loops: the truth.</summary>
    public static KernelEngine Oracle(ParityModel model) => Plain(model, ElementType.Float64, "oracle float64", EngineKind.Oracle);

    /// <summary>The same loops in float32: what rounding alone does to the definition.</summary>
    public static KernelEngine Reference(ParityModel model) => Plain(model, ElementType.Float32, Comparison.PlainFloat32, EngineKind.Ours);

    public static KernelEngine Simd(ParityModel model) =>
        new(model, ElementType.Float32, new SimdKernels(), new EngineIdentity(Comparison.SimdFloat32, EngineKind.Ours, "simd kernels, 1 thread", Versions, Layers: true));

    public IReadOnlyList<RecordedTensor> Run(ModuleCall call)
    {
        using var scope = KernelSet.Use(kernels);
        var recorder = new LayerRecorder();
        using (Observation.Of(recorder))
        {
            RecordedTensor[] outputs = [.. Outputs(call).Select(output => RecordedTensor.Of(output.Name, output.Value))];
            return [.. recorder.Seen, .. outputs];
        }
    }

    public IEnumerable<GeneratedPatch> Generate(GenerationRequest request, CancellationToken cancellation)
    {
        using var patches = model.Loop(networks, request).Generate(request, cancellation: cancellation).GetEnumerator();
        while (true)
        {
            // Kernels are chosen per thread; a lazy sequence may be continued on another one.
            using (KernelSet.Use(kernels))
            {
                if (!patches.MoveNext()) yield break;
            }

            yield return patches.Current;
        }
    }

    public void Dispose()
    {
    }

    private static string Versions => $"Ditar {typeof(DitarModel).Assembly.GetName().Version?.ToString(3)}";

    private static KernelEngine Plain(ParityModel model, ElementType type, string name, EngineKind kind) =>
        new(model, type, new PlainKernels(), new EngineIdentity(name, kind, "plain kernels, 1 thread", Versions, Layers: true));

    private (string Name, Tensor Value)[] Outputs(ModuleCall call) =>
        networks.Part(call.Module).Run(new PartInputs(name => call[name].ToTensor(type), name => call[name].ToSymbols()));
}
