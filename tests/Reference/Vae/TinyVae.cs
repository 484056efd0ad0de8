// Tokenizers of a few hundred weights in float64, for tests that differentiate or compare whole modules.

using Ditar.Reference;
using Ditar.Reference.Layers;
using Ditar.Reference.Vae;

namespace Ditar.Tests.Reference.Vae;

internal static class TinyVae
{
    /// <summary>Hop 4.</summary>
    public static VaeConfig Config(string decoder, int lookAhead = 1) => new()
    {
        Strides = [2, 2],
        Channels = [2, 3],
        LatentDim = 2,
        Decoder = decoder,
        LookAhead = lookAhead,
        InverseStft = new() { Width = 4, Hidden = 6, Kernel = 3, LatentBlocks = 1, Upsample = 2, FrameBlocks = 2, Window = 8 },
        BigVgan = new() { Channels = [3, 2, 2], Upsample = [2, 2], Kernels = [3, 5], Dilations = [1, 2] },
    };

    /// <summary>Start values moved by noise, so that no gain, bias or slope is special.</summary>
    public static IReadOnlyList<KeyValuePair<string, Tensor>> Parameters(Action<ParameterScope> build)
    {
        var source = new RandomParameters(ElementType.Float64, 5);
        build(source.Root);
        var random = new Random(6);
        foreach (var (_, tensor) in source.Taken)
            foreach (ref var value in tensor.Values<double>()) value += 0.4 * (random.NextDouble() - 0.5);
        return source.Taken;
    }

    public static Autoencoder Create(VaeConfig config)
    {
        var parameters = Parameters(scope => _ = new Autoencoder(scope, config));
        return new Autoencoder(new GivenParameters([.. parameters.Select(p => p.Value)]).Root, config);
    }

    /// <summary>Hands out given tensors in the order of asking.</summary>
    public sealed class GivenParameters(IReadOnlyList<Tensor> tensors) : ParameterSource(ElementType.Float64)
    {
        private int next;

        protected override Tensor Provide(string name, ReadOnlySpan<int> shape, Start start)
        {
            Assert.True(shape.SequenceEqual(tensors[next].Shape), name);
            return tensors[next++];
        }
    }
}
