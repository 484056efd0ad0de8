// The tokenizer's parts against what they claim to be: closed forms, textbook forms, identities.

using Ditar.Reference;
using Ditar.Reference.Layers;
using Ditar.Reference.Vae;
using Ditar.Tests.Reference.Tensors;

namespace Ditar.Tests.Reference.Vae;

public class VaeDefinitionTests
{
    [Theory]
    [InlineData(8, 2)]
    [InlineData(400, 100)]
    [InlineData(12, 4)]
    public void TheInverseTransformUndoesTheTransform(int window, int hop)
    {
        const int frames = 7;
        var overlap = (window - hop) / 2;
        var signal = GradientCheck.Random(11, 1, (frames * hop) + (2 * overlap), 1).ToDoubles();
        var bins = (window / 2) + 1;
        var spectrum = new double[frames * 2 * bins];
        for (var f = 0; f < frames; f++)
        {
            for (var k = 0; k < bins; k++)
            {
                for (var n = 0; n < window; n++)
                {
                    var hann = Math.Pow(Math.Sin(Math.PI * n / window), 2);
                    var angle = -2 * Math.PI * k * n / window;
                    spectrum[(f * 2 * bins) + k] += hann * signal[(f * hop) + n] * Math.Cos(angle);
                    spectrum[(f * 2 * bins) + bins + k] += hann * signal[(f * hop) + n] * Math.Sin(angle);
                }
            }
        }

        var back = new InverseStft(ElementType.Float64, window, hop).Forward(Tensor.From(spectrum, 1, frames, 2 * bins));

        Assert.Equal([1, frames * hop, 1], back.Shape.ToArray());
        var found = back.ToDoubles();
        for (var i = 0; i < found.Length; i++) Assert.Equal(signal[overlap + i], found[i], Tolerances.AmplifiedFloat64Operations);
    }

    [Fact]
    public void UpsamplingIsTheTransposedConvolution()
    {
        const int inputs = 3, outputs = 2, factor = 4;
        var parameters = TinyVae.Parameters(scope => _ = new UpsampleConvolution(scope, inputs, outputs, factor));
        var layer = new UpsampleConvolution(new TinyVae.GivenParameters([.. parameters.Select(p => p.Value)]).Root, inputs, outputs, factor);
        var bias = Tensor.Zeros(ElementType.Float64, factor * outputs);
        bias.Values<double>().CopyTo(layer.Bias.Values<double>());
        var x = GradientCheck.Random(12, 2, 5, inputs);

        // [factor * outputs, 3, inputs], tap i of step j  ->  [inputs, 3 factor, outputs], position (2 - i) factor + j.
        var transposed = new double[inputs * 3 * factor * outputs];
        var weight = layer.Weight.ToDoubles();
        for (var j = 0; j < factor; j++)
            for (var o = 0; o < outputs; o++)
                for (var tap = 0; tap < 3; tap++)
                    for (var c = 0; c < inputs; c++)
                        transposed[(((c * 3 * factor) + ((2 - tap) * factor) + j) * outputs) + o] = weight[((((j * outputs) + o) * 3) + tap) * inputs + c];
        var textbook = x.ConvolveTransposed(Tensor.From(transposed, inputs, 3 * factor, outputs), null, factor).Slice(1, 0, 5 * factor);

        AssertClose(textbook.ToDoubles(), layer.Forward(x).ToDoubles(), Tolerances.FewFloat64Operations);
    }

    [Fact]
    public void TheFilterPassesWhatIsSlowAndKeepsWhereItIs()
    {
        var h = HalfBandFilter.Create();
        Assert.Equal(1, h.Sum(), Tolerances.HandfulOfFloat64Operations);
        for (var i = 0; i < h.Length; i++) Assert.Equal(h[i], h[^(i + 1)], Tolerances.HandfulOfFloat64Operations);

        // A slope so small that Snake is the identity up to a x^2: what is left are the two filters, on a slow sine, away from the borders.
        var layer = Filters(logSlope: -30);
        var x = Tone(64, 0.02);
        var y = layer.Forward(Tensor.From(x, 1, 64, 1)).ToDoubles();
        for (var t = 16; t < 48; t++) Assert.Equal(x[t], y[t], 0.01);
    }

    [Fact]
    public void AliasesAreAttenuated()
    {
        // Snake of a tone at f makes one at 2 f; at f = 0.35 cycles per sample that folds back to 0.3. With a small slope, x + a x^2, theory says what
        // two imperfect filters of response H leave of it: at the doubled rate the tone is at 0.175 with an image at 0.325, so the alias comes from
        // the overtone at 0.35 and from the difference of tone and image at 0.15.
        const double tone = 0.35, alias = 0.3, slope = 0.05;
        var left = (Response(0.175) * Response(0.175) * Response(0.35)) + (2 * Response(0.175) * Response(0.325) * Response(0.15));
        var x = Tone(512, tone);
        var plain = x.Select(v => v + (Math.Pow(Math.Sin(slope * v), 2) / slope)).ToArray();
        var clean = Filters(Math.Log(slope)).Forward(Tensor.From(x, 1, 512, 1)).ToDoubles();

        var (before, after) = (Amplitude(plain, alias), Amplitude(clean, alias));
        Assert.Equal(slope / 2, before, 0.01 * slope);
        Assert.InRange(left, 0, 0.4);
        Assert.InRange(after, 0, 1.01 * left * before);
        // The tone itself passes both filters, directly and through its image.
        Assert.Equal((Response(0.175) * Response(0.175)) + (Response(0.325) * Response(0.325)), Amplitude(clean, tone), 0.001);
    }

    [Fact]
    public void DivergenceIsTheClosedForm()
    {
        // KL(N(m, v) || N(0, 1)) = (m^2 + v - 1 - ln v) / 2, by hand: m = 2, v = 1 -> 2; m = 0, v = e -> (e - 2) / 2.
        var posterior = new Posterior(Tensor.From([2.0, 0.0], 1, 1, 2), Tensor.From([0.0, 1.0], 1, 1, 2));
        Assert.Equal((2 + ((Math.E - 2) / 2)) / 2, posterior.Divergence().Scalar(), Tolerances.HandfulOfFloat64Operations);
        var standard = new Posterior(Tensor.Zeros(ElementType.Float64, 1, 3, 2), Tensor.Zeros(ElementType.Float64, 1, 3, 2));
        Assert.Equal(0, standard.Divergence().Scalar());
    }

    [Fact]
    public void DistancesAreZeroOnlyForEqualSignalsAndGrowWithTheError()
    {
        var loss = new SpectralLoss(ElementType.Float64, new SpectralLossConfig());
        var truth = GradientCheck.Random(13, 2, 4800, 1);
        var noise = GradientCheck.Random(14, 2, 4800, 1);
        var same = loss.Between(truth, truth);
        Assert.Equal(0, same.LogMagnitude.Scalar());
        Assert.Equal(0, same.LogMel.Scalar());
        var (near, far) = (loss.Between(truth, truth + (noise * 0.01)), loss.Between(truth, truth + (noise * 0.3)));
        Assert.True(0 < near.LogMel.Scalar() && near.LogMel.Scalar() < far.LogMel.Scalar());
        Assert.True(same.Convergence.Scalar() < near.Convergence.Scalar() && near.Convergence.Scalar() < far.Convergence.Scalar());
        // Half the amplitude is ln 2 in every log magnitude that is far above its floor, and a half of convergence.
        var half = loss.Between(truth, truth * 0.5);
        Assert.Equal(0.5, half.Convergence.Scalar(), 1e-4);
        Assert.Equal(Math.Log(2), half.LogMel.Scalar(), 1e-4);
        Assert.Equal(Math.Log(2), half.LogMagnitude.Scalar(), 1e-3);
    }

    [Fact]
    public void TheEncoderHasTheRecipesSizeAndLatentsHaveTheHop()
    {
        var source = new RandomParameters(ElementType.Float32, 1);
        var model = new Autoencoder(source.Root, new VaeConfig());
        var encoder = source.Taken.Where(p => p.Key.StartsWith("encoder.", StringComparison.Ordinal)).Sum(p => p.Value.Count);
        Assert.InRange(encoder, 600_000, 660_000);
        var latents = model.Encode(Tensor.Zeros(ElementType.Float32, 1, 1600, 1));
        Assert.Equal([1, 4, 32], latents.Shape.ToArray());
        Assert.Equal([1, 1600, 1], model.Decode(latents).Shape.ToArray());
    }

    [Fact]
    public void ConfigurationsThatCannotBeAreRefusedByName()
    {
        Assert.Contains("Decoder", Refusal(new VaeConfig { Decoder = "mp3" }), StringComparison.Ordinal);
        Assert.Contains("Channels", Refusal(new VaeConfig { Channels = [1] }), StringComparison.Ordinal);
        Assert.Contains("Strides", Refusal(new VaeConfig { Strides = [] }), StringComparison.Ordinal);
        Assert.Contains("65536", Refusal(new VaeConfig { Strides = [64, 64, 64, 64] }), StringComparison.Ordinal);
        Assert.Contains("Window", Refusal(new VaeConfig { InverseStft = new() { Window = 402 + 1 } }), StringComparison.Ordinal);
        Assert.Contains("Upsample", Refusal(new VaeConfig { Decoder = VaeConfig.BigVganKind, BigVgan = new() { Upsample = [4, 4, 5, 4] } }), StringComparison.Ordinal);
        Assert.Contains("Width", Refusal(new VaeConfig { InverseStft = new() { Width = int.MaxValue } }), StringComparison.Ordinal);

        static string Refusal(VaeConfig config) => Assert.Throws<ArgumentException>(config.Validate).Message;
    }

    private static AntiAliasedSnake Filters(double logSlope) => new(new TinyVae.GivenParameters([Tensor.From([logSlope], 1)]).Root, 1);

    private static double Response(double cycles)
    {
        var h = HalfBandFilter.Create();
        return Math.Abs(h.Select((tap, n) => tap * Math.Cos(2 * Math.PI * cycles * (n - ((h.Length - 1) / 2.0)))).Sum());
    }

    private static double[] Tone(int count, double cycles) => [.. Enumerable.Range(0, count).Select(t => Math.Sin(2 * Math.PI * cycles * t))];

    // Of a sinusoid at this frequency, over the middle, where no border reaches.
    private static double Amplitude(double[] x, double cycles)
    {
        double re = 0, im = 0;
        const int margin = 56;                     // leaves 400 steps: whole periods of 0.35 and 0.3
        for (var t = margin; t < margin + 400; t++)
        {
            re += x[t] * Math.Cos(2 * Math.PI * cycles * t);
            im += x[t] * Math.Sin(2 * Math.PI * cycles * t);
        }

        return 2 * Math.Sqrt((re * re) + (im * im)) / 400;
    }

    private static void AssertClose(double[] expected, double[] found, double tolerance)
    {
        Assert.Equal(expected.Length, found.Length);
        Assert.NotEmpty(expected);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], found[i], tolerance);
    }
}
