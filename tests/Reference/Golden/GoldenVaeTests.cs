// Convolutions, transposed convolutions and Snake against VoxCPM's AudioVAE: all causal, weight-normed, depthwise in the residual units.
// Recorded layout [channels, time], ours [1, time, channels]. Snake there divides by alpha + 1e-9, which is below float32 rounding.

using Ditar.Reference;
using static Ditar.Tests.Reference.Golden.GoldenFolder;

namespace Ditar.Tests.Reference.Golden;

[Trait("Category", "Golden")]
public class GoldenVaeTests
{
    private static readonly int[] EncoderRates = [2, 3, 4];
    private static readonly int[] DecoderRates = [4, 3, 2];

    [Theory]
    [InlineData(Arithmetic.Float64)]
    [InlineData(Arithmetic.Float32)]
    [InlineData(Arithmetic.Float32Simd)]
    public void SnakeAndTransposedConvolutionAlone(Arithmetic arithmetic)
    {
        using var vae = new Network(arithmetic);
        vae.Near("vae.snake.out", vae.Snake(vae.Signal("vae.snake.in"), "decoder.model.2.block.0"), "vae.snake");
        vae.Near("vae.tconv.out", vae.UpConvolution(vae.Signal("vae.tconv.in"), "decoder.model.2.block.1", DecoderRates[0]), "vae.tconv");
    }

    [Theory]
    [InlineData(Arithmetic.Float64)]
    [InlineData(Arithmetic.Float32)]
    [InlineData(Arithmetic.Float32Simd)]
    public void Encoder(Arithmetic arithmetic)
    {
        using var vae = new Network(arithmetic);
        var wav = vae.Golden("vae.enc.wav");
        var x = wav.Reshape(1, wav.Count, 1).Pad(1, 0, (24 - (wav.Count % 24)) % 24);
        x = vae.Convolution(x, "encoder.block.0");
        vae.Near("vae.enc.block0", x, "vae.enc");
        for (var i = 0; i < EncoderRates.Length; i++)
        {
            var block = $"encoder.block.{1 + i}.block";
            for (var unit = 0; unit < 3; unit++)
            {
                x = vae.ResidualUnit(x, $"{block}.{unit}", unit);
                if (i == 0 && unit == 0) vae.Near("vae.enc.block1.unit0", x, "vae.enc");
            }

            x = vae.DownConvolution(vae.Snake(x, $"{block}.3"), $"{block}.4", EncoderRates[i]);
            vae.Near($"vae.enc.block{1 + i}", x, "vae.enc");
        }

        vae.Near("vae.enc.mu", vae.Convolution(x, "encoder.fc_mu"), "vae.enc");
    }

    [Theory]
    [InlineData(Arithmetic.Float64)]
    [InlineData(Arithmetic.Float32)]
    [InlineData(Arithmetic.Float32Simd)]
    public void Decoder(Arithmetic arithmetic)
    {
        using var vae = new Network(arithmetic);
        var x = vae.Signal("vae.dec.z");
        Layer(0, vae.Convolution(x, "decoder.model.0"));
        Layer(1, vae.Convolution(x, "decoder.model.1"));
        for (var i = 0; i < DecoderRates.Length; i++)
        {
            var block = $"decoder.model.{2 + i}.block";
            var y = vae.UpConvolution(vae.Snake(x, $"{block}.0"), $"{block}.1", DecoderRates[i]);
            for (var unit = 0; unit < 3; unit++) y = vae.ResidualUnit(y, $"{block}.{2 + unit}", unit);
            Layer(2 + i, y);
        }

        Layer(5, vae.Snake(x, "decoder.model.5"));
        Layer(6, vae.Convolution(x, "decoder.model.6"));
        Layer(7, x.Tanh());
        vae.Near("vae.dec.audio", x, "vae.dec");

        void Layer(int number, Tensor y)
        {
            vae.Near($"vae.dec.layer{number}", y, "vae.dec");
            x = y;
        }
    }

    private sealed class Network(Arithmetic arithmetic) : IDisposable
    {
        private readonly GoldenFile golden = new("golden");
        private readonly GoldenFile weights = new("audiovae");
        private readonly Ditar.Reference.Kernels.KernelSet.Scope kernels = arithmetic.Use();

        private ElementType Type => arithmetic.Type();

        public Tensor Golden(string name) => golden.Read(name, Type);

        public Tensor Signal(string name) => Golden(name).Transpose(0, 1).Reshape(1, -1, Golden(name)[0]);

        public void Near(string name, Tensor found, string group)
        {
            var recorded = Golden(name);
            AssertNear(name, recorded.Rank == 2 ? recorded.Transpose(0, 1) : recorded, found, Tolerances.Golden(group, arithmetic.Type()));
        }

        public Tensor Snake(Tensor x, string name) => x.Snake(weights.Read($"{name}.alpha", Type).Reshape(-1));

        /// <summary>Stride 1; depthwise where the weight has one channel for a wider input.</summary>
        public Tensor Convolution(Tensor x, string name, int dilation = 1)
        {
            var weight = VoxCpmWeights.Convolution(weights, name, Type);                           // [outputs, kernel, channels / groups]
            var causal = x.Pad(1, (weight[1] - 1) * dilation, 0);
            return causal.Convolve(weight, weights.Read($"{name}.bias", Type), 1, dilation, x[2] / weight[2]);
        }

        /// <summary>Kernel 2s, stride s; the left padding is s rounded up to even.</summary>
        public Tensor DownConvolution(Tensor x, string name, int stride) =>
            x.Pad(1, 2 * ((stride + 1) / 2), 0).Convolve(VoxCpmWeights.Convolution(weights, name, Type), weights.Read($"{name}.bias", Type), stride);

        /// <summary>Kernel 2s, stride s; the last s samples are dropped.</summary>
        public Tensor UpConvolution(Tensor x, string name, int stride)
        {
            var y = x.ConvolveTransposed(VoxCpmWeights.Convolution(weights, name, Type), weights.Read($"{name}.bias", Type), stride);
            return y.Slice(1, 0, x[1] * stride);
        }

        public Tensor ResidualUnit(Tensor x, string name, int unit)
        {
            int[] dilations = [1, 3, 9];
            var y = Convolution(Snake(x, $"{name}.block.0"), $"{name}.block.1", dilations[unit]);
            return x + Convolution(Snake(y, $"{name}.block.2"), $"{name}.block.3");
        }

        public void Dispose()
        {
            kernels.Dispose();
            golden.Dispose();
            weights.Dispose();
        }
    }
}
