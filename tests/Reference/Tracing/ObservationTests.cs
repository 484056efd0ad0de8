// What an observer of a running model is told.

using Ditar.Reference;
using Ditar.Reference.Kernels;
using Ditar.Reference.Layers;
using Ditar.Reference.Speech;
using Ditar.Reference.Tracing;
using Ditar.Reference.Vae;
using Ditar.Tests.Reference.Tensors;

namespace Ditar.Tests.Reference.Tracing;

public class ObservationTests
{
    private static readonly DitarConfig Config = new()
    {
        Symbols = 5,
        LatentDim = 3,
        PatchSize = 2,
        HeadDim = 4,
        MaxPositions = 32,
        Encoder = new(1, 8, 2, 12),
        LanguageModel = new(2, 8, 2, 12),
        Diffusion = new(1, 8, 2, 12),
    };

    [Fact]
    public void ElementWiseOperationsHaveTheNamesOfTheirKernels()
    {
        foreach (var unary in Enum.GetValues<UnaryOperation>())
            Assert.Equal(unary.ToString(), (OperationKind.Negate + (unary - UnaryOperation.Negate)).ToString());
        foreach (var binary in Enum.GetValues<BinaryOperation>())
            Assert.Equal(binary.ToString(), (OperationKind.Add + (binary - BinaryOperation.Add)).ToString());
    }

    [Fact]
    public void ALayerIsOneOperationAndEveryInputIsKnown()
    {
        var source = new RandomParameters(ElementType.Float64, 3);
        var layer = new TransformerLayer(source.Root["layer"], new TransformerConfig(1, 8, 2, 12, Causal: true, HeadDim: 4));
        var positions = new RotaryPositions(ElementType.Float64, 8, 4);
        var x = GradientCheck.Random(1, 1, 3, 8);
        var log = Observe(() => layer.Forward(x, positions));

        Assert.Equal(
            "RmsNorm Linear Reshape Linear Reshape Linear Reshape Slice Slice Rotate Slice Slice Rotate Attention Reshape Linear Add "
            + "RmsNorm Linear Gelu Linear Add", string.Join(" ", log.Operations.Select(o => o.Kind)));
        HashSet<Tensor> known = new([x, positions.Cosine, positions.Sine, .. source.Taken.Select(t => t.Value)], ReferenceEqualityComparer.Instance);
        foreach (var operation in log.Operations)
        {
            foreach (var input in operation.Inputs) Assert.Contains(input, known);
            known.Add(operation.Result);
        }
    }

    [Fact]
    public void ModulesNestAsTheirWeightsAreNamed()
    {
        var source = new RandomParameters(ElementType.Float64, 3);
        var model = new DitarModel(source, Config);
        var log = Observe(() =>
        {
            var state = model.LanguageModel.Start();
            var inputs = model.LanguageModel.Embed([1, 2, 3]);
            _ = model.LanguageModel.Forward(inputs, state);
            _ = model.LanguageModel.Forward(model.Encoder.Encode(GradientCheck.Random(2, 1, 2, 3)), state);
            return model.Diffusion.Velocity(
                GradientCheck.Random(3, 1, 2, 3), Tensor.Full(ElementType.Float64, 0.5, 1), GradientCheck.Random(4, 1, 8), GradientCheck.Random(5, 1, 2, 3));
        });

        Assert.Empty(log.Open);
        var modules = log.Outputs.Select(o => o.Path).ToHashSet();
        foreach (var (name, _) in source.Taken.Where(t => t.Key.EndsWith(".weight", StringComparison.Ordinal) || t.Key.EndsWith(".gain", StringComparison.Ordinal)))
        {
            var path = name[..name.LastIndexOf('.')];
            if (path != "language_model.stop") Assert.Contains(path, modules);
        }

        Assert.Equal(2, log.Outputs.Count(o => o.Path == "language_model.transformer.layers.1.attention.query"));
        Assert.Equal([1, 4, 2, 4], log.Operations.Last(o => o.Kind == OperationKind.Attention && o.Inputs[1][1] == 4).Inputs[1].Shape.ToArray());
    }

    [Fact]
    public void ACacheGrowsByConcatenation()
    {
        var cache = new KeyValueCache();
        var (first, second) = (GradientCheck.Random(1, 1, 3, 2, 4), GradientCheck.Random(2, 1, 1, 2, 4));
        cache.Append(first, first);
        var held = cache.Keys!;
        var log = Observe(() => cache.Append(second, second).Keys);

        Assert.Equal([OperationKind.Concat, OperationKind.Concat], log.Operations.Select(o => o.Kind));
        Assert.Same(held, log.Operations[0].Inputs[0]);
        Assert.Same(second, log.Operations[0].Inputs[1]);
        Assert.Same(cache.Keys, log.Operations[0].Result);
        Assert.Equal(Tensor.Concat(1, first, second).ToDoubles(), cache.Keys!.ToDoubles());
    }

    [Theory]
    [InlineData(VaeConfig.InverseStftKind)]
    [InlineData(VaeConfig.BigVganKind)]
    public void EveryWeightedModuleOfATokenizerShowsItself(string decoder)
    {
        var source = new RandomParameters(ElementType.Float64, 3);
        var autoencoder = new Autoencoder(source.Root, Vae.TinyVae.Config(decoder));
        var log = Observe(() => autoencoder.Decode(autoencoder.Encode(GradientCheck.Random(6, 1, 3 * autoencoder.Config.Hop, 1))));
        Assert.Empty(log.Open);
        var modules = log.Outputs.Select(o => o.Path).ToHashSet();
        foreach (var (name, _) in source.Taken.Where(t => t.Key.Contains('.', StringComparison.Ordinal)))
            Assert.Contains(name[..name.LastIndexOf('.')], modules);
    }

    [Fact]
    public void NobodyWatchingCostsNoMemory()
    {
        var x = Tensor.Zeros(ElementType.Float32, 4, 4);
        var arena = new Arena();
        long Cost()
        {
            using var memory = arena.Open();
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100; i++) _ = Observation.Record(OperationKind.Attention, x, [x, x, x, null], [1], [0.5]);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Cost();
        Assert.Equal(0, Cost());
    }

    private static Log Observe(Func<Tensor> run)
    {
        var log = new Log();
        using (Observation.Of(log)) run();
        Assert.NotEmpty(log.Operations);
        return log;
    }

    private sealed class Log : ITensorObserver
    {
        public List<TensorOperation> Operations { get; } = [];

        public List<(string Path, Tensor Output)> Outputs { get; } = [];

        public Stack<string> Open { get; } = [];

        public void Operation(TensorOperation operation) => Operations.Add(operation);

        public void Enter(string path) => Open.Push(path);

        public void Leave(string path, Tensor output)
        {
            Assert.Equal(Open.Pop(), path);
            Outputs.Add((path, output));
        }
    }
}
