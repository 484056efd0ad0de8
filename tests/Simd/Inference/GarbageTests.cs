// What speaking costs the collector, counted to the byte: the engine nothing at all, the generation loop a few small objects beside what it hands out.

using Ditar.Reference;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Kernels;
using Ditar.Reference.Speech;
using Ditar.Reference.VoxCpm;
using Ditar.Simd;

namespace Ditar.Tests.Simd.Inference;

public sealed class GarbageTests
{
    private static readonly DitarConfig Config = new()
    {
        Symbols = 7,
        LatentDim = 16,
        HeadDim = 16,
        Encoder = new(2, 64, 4, 128),
        LanguageModel = new(3, 96, 6, 200),
        Diffusion = new(2, 64, 4, 128),
    };

    [Theory]
    [InlineData("float32")]
    [InlineData("bf16")]
    [InlineData("int8")]
    [InlineData("int4")]
    public void The_engine_allocates_nothing(string format)
    {
        using var kernels = KernelSet.Use(new SimdKernels());
        using var model = new InferenceModel(new DitarModel(new EngineCase.Weights(ElementType.Float32), Config), EngineFormats.Named(format));
        Assert.Equal(0, WorstPatch(model));
    }

    [Theory]
    [InlineData(VoxCpmVersion.One, "float32")]
    [InlineData(VoxCpmVersion.One, "int8")]
    [InlineData(VoxCpmVersion.Two, "bf16")]
    [InlineData(VoxCpmVersion.Two, "int4")]
    public void Nor_does_it_for_VoxCPM(VoxCpmVersion version, string format)
    {
        using var kernels = KernelSet.Use(new SimdKernels());
        using var model = new InferenceModel(VoxCpmCase.Definition(VoxCpmCase.Speaking(version), ElementType.Float32), EngineFormats.Named(format));
        Assert.Equal(0, WorstPatch(model));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    public void The_loop_allocates_little_beside_what_it_hands_out(double guidance)
    {
        using var kernels = KernelSet.Use(new SimdKernels());
        using var model = new InferenceModel(new DitarModel(new EngineCase.Weights(ElementType.Float32), Config), EngineFormats.All(WeightFormat.Float32));
        using var session = model.Start();
        var loop = new GenerationLoop(session.Encoder, session.Language, session.Field, null, PatchShape.Of(Config), 6);
        long few = 0, many = 0;
        foreach (var steps in new[] { 5, 25 })
        {
            // Warmed up, the collector's own bookkeeping and the run-time compiler are out of the way; the middle of the patches is what one costs.
            var request = new GenerationRequest([1, 2, 3], new SamplerOptions { Steps = steps, Guidance = guidance }) { MinPatches = 40, MaxPatches = 40 };
            foreach (var _ in loop.Generate(request))
            {
            }

            var spent = new List<long>();
            using var patches = loop.Generate(request).GetEnumerator();
            for (var before = GC.GetAllocatedBytesForCurrentThread(); patches.MoveNext(); before = GC.GetAllocatedBytesForCurrentThread())
                spent.Add(GC.GetAllocatedBytesForCurrentThread() - before);
            (few, many) = (many, spent.Order().ElementAt(20));
        }

        // Handed out: a patch of 64 numbers with the objects around it. Besides: the request, two delegates, a view.
        Assert.InRange(many, 64 * sizeof(float), (64 * sizeof(float)) + 1024);
        Assert.Equal(few, many);
    }

    private static long WorstPatch(InferenceModel model)
    {
        using var session = model.Start();
        var arena = new Arena();
        var (size, dim, layout) = (model.Shape.PatchSize, model.Shape.LatentDim, model.Diffusion.Layout);
        var patch = EngineCase.Random(1, 1, size, dim);
        var noisy = EngineCase.Random(2, 2, size, dim);
        var told = EngineCase.Random(4, 2, layout.ConditionWidth);
        var history = EngineCase.Random(3, 2, layout.CleanLatents, dim);

        // An utterance to warm up, so that the second one finds its cache's segments in the pool; each crosses from one segment to the next.
        long worst = 0;
        for (var utterance = 0; utterance < 2; utterance++)
        {
            using var state = session.Language.Start();
            worst = 0;
            for (var i = 0; i < 100; i++)
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                using (arena.Open())
                {
                    var hidden = session.Language.Forward(session.Encoder.Encode(patch), [true], state);
                    _ = session.Language.StopProbability(hidden);
                    _ = session.Language.Condition(hidden);
                    var field = session.Field.Begin(told, history);
                    for (var step = 1; step <= 4; step++) _ = field.Velocity(noisy, step / 4.0);
                }

                var spent = GC.GetAllocatedBytesForCurrentThread() - before;
                // The list of segments grows with the first few.
                if (i > 70) worst = Math.Max(worst, spent);
            }
        }

        return worst;
    }
}
