// The noise block of models with use_noise_block (none is released): x + noise * linear(x), one standard normal per step, shared by all channels. The
// noise is drawn by address, so a stream hears what a whole signal hears.

using Ditar.Reference.Layers;
using Ditar.Reference.Randomness;
using Ditar.Reference.Tracing;
using Ditar.Reference.Vae;

namespace Ditar.Reference.VoxCpm;

public sealed class AudioNoise(ParameterScope scope, int channels, ulong block)
{
    private const ulong Seed = 0;
    private readonly string path = scope.Path;

    public Linear Loudness { get; } = new(scope["linear"], channels, channels, bias: false);

    /// <param name="x">[batch, time, channels].</param>
    /// <returns>[batch, time, channels].</returns>
    public Tensor Forward(Tensor x, DecoderState? stream = null)
    {
        var here = Module.Enter(path);
        var draws = new double[x[1]];
        NormalSource.FillNormal(Seed, block, (ulong)(stream?.Advance(this, x[1]) ?? 0), draws);
        return here.Output(x + (Loudness.Forward(x) * Tensor.From(x.Type, draws, 1, x[1], 1)));
    }
}
