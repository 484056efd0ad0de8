// Weight formats: against the definition on the very weights that the format stores, and against the weights before they were rounded. The first error is what
// the engine adds (nothing with bf16, the rounding of activations with integers), the second is what the format costs.

using Ditar.Reference;
using Ditar.Reference.Speech;
using Ditar.Simd;

namespace Ditar.Tests.Simd.Inference;

[Trait("Category", "Kernel")]
public sealed class FormatTests
{
    private static readonly DitarConfig Config = new()
    {
        Symbols = 7,
        LatentDim = 6,
        HeadDim = 16,
        Encoder = new(2, 70, 4, 150),
        LanguageModel = new(4, 96, 6, 200),
        Diffusion = new(2, 70, 4, 150),
    };

    [Fact]
    public void BFloat16_computes_as_float32_on_the_rounded_weights()
    {
        var formats = EngineFormats.All(WeightFormat.BFloat16);
        using var model = new InferenceModel(new DitarModel(new EngineCase.Weights(ElementType.Float32), Config), formats);
        using var session = model.Start();
        foreach (var module in Modules(session))
            EngineCase.AssertNear(type => Defined(new DitarModel(new EngineCase.Rounded(type, formats), Config), module.Name, type), module.Output, module.Name);
    }

    // A value rounded to 8 bits of its row is off by up to 1/254 of the row's largest, 1/440 of it on average; rows of Gaussian values have their largest near 2.5
    // deviations, so a product's relative error is near 0.6 % for the weights and the same for the activations. It adds up over the 4 to 16 products of a module:
    // a few per cent. At 4 bits a group of 32 has its largest near 2.1 deviations, a step is 0.3, its error 0.3/sqrt(12) = 9 % of each weight: near 9 % of each
    // product and two to three times that of a module.
    [Theory]
    [InlineData("int8", 0.03, 0.04)]
    [InlineData("int4", 0.03, 0.4)]
    public void Integers_stay_near_the_rounded_weights_and_the_cost_of_rounding_is_stated(string name, double engine, double format)
    {
        var formats = name == "int4" ? EngineFormats.All(WeightFormat.Int4) : EngineFormats.Named(name);
        using var model = new InferenceModel(new DitarModel(new EngineCase.Weights(ElementType.Float32), Config), formats);
        using var session = model.Start();
        foreach (var module in Modules(session))
        {
            var rounded = Defined(new DitarModel(new EngineCase.Rounded(ElementType.Float64, formats), Config), module.Name, ElementType.Float64).ToDoubles();
            var exact = Defined(new DitarModel(new EngineCase.Weights(ElementType.Float64), Config), module.Name, ElementType.Float64).ToDoubles();
            var found = module.Output.ToDoubles();
            Assert.InRange(Distance(found, rounded), 1e-4, engine);
            Assert.InRange(Distance(found, exact), 1e-3, format);
            // What the engine adds is small beside what the format costs at 4 bits, and no more than it at 8.
            Assert.True(Distance(found, rounded) < 1.5 * Distance(rounded, exact), module.Name);
        }
    }

    [Fact]
    public void Weights_that_were_rounded_ahead_round_to_the_same_integers()
    {
        foreach (var formats in new[] { EngineFormats.Named("int8"), EngineFormats.Named("int4") })
        {
            using var direct = new InferenceModel(new DitarModel(new EngineCase.Weights(ElementType.Float32), Config), formats);
            using var ahead = new InferenceModel(new DitarModel(new EngineCase.Rounded(ElementType.Float32, formats), Config), formats);
            using InferenceSession one = direct.Start(), other = ahead.Start();
            foreach (var (a, b) in Modules(one).Zip(Modules(other)))
                Assert.InRange(Distance(a.Output.ToDoubles(), b.Output.ToDoubles()), 0, 32 * Tolerances.U);
        }
    }

    [Fact]
    public void Formats_have_names_sizes_and_a_choice_for_each_module()
    {
        var sizes = EngineFormats.Names.Select(name =>
        {
            using var model = new InferenceModel(new DitarModel(new EngineCase.Weights(ElementType.Float32), Config), EngineFormats.Named(name));
            return model.Bytes;
        }).ToArray();
        Assert.Equal(sizes.OrderDescending(), sizes);
        Assert.Equal("int8 encoder, int4 language model, int8 diffusion", EngineFormats.Named("int4").ToString());
        Assert.Equal(WeightFormat.Int4, EngineFormats.Named("int4").Of("language_model.transformer.layers.3.feed_forward.up.weight"));
        Assert.Null(EngineFormats.Named("int4").Of("diffusion.output.weight"));
        Assert.Null(EngineFormats.Named("int4").Of("language_model.transformer.layers.3.feed_forward.up.bias"));
        Assert.Throws<ArgumentException>(() => EngineFormats.Named("int2"));
    }

    private static double Distance(double[] found, double[] truth) =>
        Math.Sqrt(found.Zip(truth, (a, b) => (a - b) * (a - b)).Sum() / truth.Sum(b => b * b));

    private static IEnumerable<(string Name, Tensor Output)> Modules(InferenceSession session)
    {
        yield return ("encoder", session.Encoder.Encode(Patches));
        using var state = session.Language.Start();
        yield return ("language", session.Language.Forward(Inputs, state));
        yield return ("diffusion", session.Field.Begin(Inputs.Slice(0, 0, 2), History).Velocity(Patches.Slice(0, 0, 2), 0.4));
    }

    private static Tensor Patches => EngineCase.Random(1, 5, Config.PatchSize, Config.LatentDim);

    private static Tensor Inputs => EngineCase.Random(2, 30, Config.LanguageModel.Width);

    private static Tensor History => EngineCase.Random(3, 2, Config.PatchSize, Config.LatentDim);

    private static Tensor Defined(DitarModel model, string module, ElementType type) => module switch
    {
        "encoder" => model.Encoder.Encode(Patches.To(type)),
        "language" => model.LanguageModel.Forward(Inputs.To(type), model.LanguageModel.Start()),
        _ => model.Diffusion.Begin(Inputs.Slice(0, 0, 2).To(type), History.To(type)).Velocity(Patches.Slice(0, 0, 2).To(type), 0.4),
    };
}
