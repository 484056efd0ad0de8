// Models for the engine's tests: random sizes, weights that no layer starts with (zeros and ones would hide a forgotten gain or bias), the same numbers in
// float32 and float64; and how far float32 may be off.

using Ditar.Reference;
using Ditar.Reference.Files;
using Ditar.Reference.Kernels;
using Ditar.Reference.Layers;
using Ditar.Reference.Randomness;
using Ditar.Reference.Speech;
using Ditar.Simd;
using FsCheck;
using FsCheck.Fluent;

namespace Ditar.Tests.Simd.Inference;

internal static class EngineCase
{
    /// <summary>Sizes of whole models: grouped products with tails, no history, one head and several, odd patches.</summary>
    public static Gen<DitarConfig> Models { get; } =
        from headDim in Gen.Elements(2, 6, 16, 24, 64)
        from latentDim in Gen.Choose(1, 9)
        from patch in Gen.Choose(1, 5)
        from history in Gen.Choose(0, 2)
        from kind in Gen.Elements(FeedForwardKind.Gelu, FeedForwardKind.SwiGlu)
        from encoder in Stacks
        from language in Stacks
        from diffusion in Stacks
        select new DitarConfig
        {
            Symbols = 7,
            LatentDim = latentDim,
            PatchSize = patch,
            HistoryPatches = history,
            HeadDim = headDim,
            FeedForwardKind = kind,
            Encoder = encoder,
            LanguageModel = language,
            Diffusion = diffusion with { Width = diffusion.Width + (diffusion.Width % 2) },
            MaxPositions = 300,
        };

    /// <summary>Sizes of transformers alone, with what DiTAR's configuration does not offer: grouped key heads, scaled residuals.</summary>
    public static Gen<TransformerConfig> Transformers { get; } =
        from layers in Gen.Choose(1, 3)
        from width in Gen.Choose(3, 40)
        from keyHeads in Gen.Choose(1, 3)
        from sharing in Gen.Choose(1, 3)
        from headDim in Gen.Elements(2, 6, 16, 24, 40, 64, 128)
        from feedForward in Gen.Choose(1, 70)
        from causal in Gen.Elements(true, false)
        from kind in Gen.Elements(FeedForwardKind.Gelu, FeedForwardKind.SwiGlu)
        from scale in Gen.Elements(1.0, 0.3)
        select new TransformerConfig(layers, width, keyHeads * sharing, feedForward, causal, headDim, keyHeads, kind, ResidualScale: scale, MaxPositions: 300);

    private static Gen<StackSize> Stacks =>
        from layers in Gen.Choose(1, 2)
        from width in Gen.Choose(3, 40)
        from heads in Gen.Choose(1, 3)
        from feedForward in Gen.Choose(1, 70)
        select new StackSize(layers, width, heads, feedForward);

    /// <summary>Runs a property on 40 cases that are the same every time.</summary>
    public static void Check<T>(Gen<T> cases, Action<T> property) =>
        Prop.ForAll(cases.ToArbitrary(), property).Check(Config.QuickThrowOnFailure.WithMaxTest(40).WithReplay(61, 67));

    public static Tensor Random(ulong seed, params int[] shape)
    {
        var values = new float[shape.Aggregate(1, (a, b) => a * b)];
        NormalSource.FillNormal(seed, 0, 0, values);
        return Tensor.From(values, shape);
    }

    /// <summary>
    /// Two float32 computations of the same function differ from the truth by roundings of the same number and size in another order: the fast one may be off
    /// by thirty times what the plain one is off by (in rows of three or four values a small one is normalised up, its roundings with it, and one of two
    /// computations may be unlucky by an order of magnitude), and by sixteen roundings of the largest value where the plain one was lucky.
    /// </summary>
    /// <param name="definition">The definition on numbers of a type.</param>
    /// <param name="found">The engine's result.</param>
    public static void AssertNear(Func<ElementType, Tensor> definition, Tensor found, string what)
    {
        double[] truth, plain;
        using (KernelSet.Use(new PlainKernels()))
        {
            truth = definition(ElementType.Float64).ToDoubles();
            plain = definition(ElementType.Float32).ToDoubles();
        }

        var lost = plain.Zip(truth, (a, b) => Math.Abs(a - b)).Max();
        var largest = truth.Max(Math.Abs);
        Assert.True(largest > 0, $"{what}: nothing was compared");
        Assert.True(lost < 1e-3 * largest, $"{what}: the definition itself loses {lost} of {largest} in float32");
        var allowed = (30 * lost) + (16 * Tolerances.U * largest);
        Comparer.Equal(truth, found.ToSingles(), _ => allowed, what);
    }

    /// <summary>Weights from their names, the same in both types.</summary>
    public sealed class Weights(ElementType type) : ParameterSource(type)
    {
        private readonly RandomParameters draws = new(ElementType.Float32, 11);

        protected override Tensor Provide(string name, ReadOnlySpan<int> shape, Start start)
        {
            var mean = start is Start.Constant(var constant) ? constant : 0;
            var deviation = shape.Length > 1 ? 1 / Math.Sqrt(shape[^1]) : 0.3;
            var values = draws.Take(name, shape, new Start.Normal(deviation));
            foreach (ref var value in values.Values<float>())
                value += (float)mean;
            return values.To(Type).Copy();
        }
    }

    /// <summary>The same weights as a format stores them.</summary>
    public sealed class Rounded(ElementType type, EngineFormats formats) : ParameterSource(type)
    {
        private readonly Weights exact = new(ElementType.Float32);

        protected override Tensor Provide(string name, ReadOnlySpan<int> shape, Start start)
        {
            var tensor = exact.Take(name, shape, start);
            if (formats.Of(name) is not { } format) return tensor.To(Type);
            var values = tensor.Values<float>();
            var inputs = shape[^1];
            var integers = new sbyte[inputs];
            for (var at = 0; at < values.Length; at += inputs)
            {
                var row = values.Slice(at, inputs);
                var scales = new float[(inputs + 31) / 32];
                if (format == WeightFormat.Int8) scales.AsSpan().Fill(WeightQuantizer.ToInt8(row, integers));
                if (format == WeightFormat.Int4) WeightQuantizer.ToInt4(row, 32, integers, scales);
                for (var i = 0; i < inputs; i++)
                    row[i] = format == WeightFormat.BFloat16 ? BFloat16.ToSingle(BFloat16.FromSingle(row[i])) : integers[i] * scales[i / 32];
            }

            return tensor.To(Type);
        }
    }
}
