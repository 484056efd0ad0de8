// Gradients of the tokenizer's modules and losses with respect to every input and every weight.

using Ditar.Reference;
using Ditar.Reference.Layers;
using Ditar.Reference.Vae;
using static Ditar.Tests.Reference.Tensors.GradientCheck;

namespace Ditar.Tests.Reference.Vae;

public class VaeGradientTests
{
    [Fact]
    public void EncoderMeanAndLogVariance() => CheckModule(
        scope => new VaeEncoder(scope, TinyVae.Config(VaeConfig.InverseStftKind)),
        (encoder, x) =>
        {
            var posterior = encoder.Forward(x);
            return Tensor.Concat(2, posterior.Mean, posterior.LogVariance);
        },
        Random(1, 2, 12, 1));

    [Fact]
    public void InverseStftDecoder() => CheckModule(
        scope => new InverseStftDecoder(scope, TinyVae.Config(VaeConfig.InverseStftKind)), (decoder, z) => decoder.Forward(z), Random(2, 2, 4, 2));

    [Fact]
    public void BigVganDecoder() => CheckModule(
        scope => new BigVganDecoder(scope, TinyVae.Config(VaeConfig.BigVganKind)), (decoder, z) => decoder.Forward(z), Random(3, 1, 4, 2));

    [Theory]
    [InlineData("convergence")]
    [InlineData("log magnitude")]
    [InlineData("log mel")]
    public void SpectralDistances(string which)
    {
        // The floor is high so that the logarithm's third derivative stays small where a bin happens to be empty.
        var config = new SpectralLossConfig { SampleRate = 1000, Windows = [32, 16], MelWindow = 32, MelBands = 3, MagnitudeFloor = 0.1 };
        var loss = new SpectralLoss(ElementType.Float64, config);
        var truth = Random(4, 2, 40, 1);
        Run(
            t =>
            {
                var distance = loss.Between(truth, t[0]);
                return which switch
                {
                    "convergence" => distance.Convergence,
                    "log magnitude" => distance.LogMagnitude,
                    _ => distance.LogMel,
                };
            },
            Random(5, 2, 40, 1));
    }

    [Fact]
    public void SampleAndDivergence()
    {
        var noise = Random(6, 2, 3, 4);
        Run(t => new Posterior(t[0], t[1]).Sample(noise), Random(7, 2, 3, 4), Random(8, 2, 3, 4));
        Run(t => new Posterior(t[0], t[1]).Divergence(), Random(7, 2, 3, 4), Random(8, 2, 3, 4));
    }

    private static void CheckModule<T>(Func<ParameterScope, T> build, Func<T, Tensor, Tensor> forward, Tensor input)
    {
        var parameters = TinyVae.Parameters(scope => _ = build(scope));
        Run(t => forward(build(new TinyVae.GivenParameters(t[1..]).Root), t[0]), [input, .. parameters.Select(p => p.Value)]);
    }
}
