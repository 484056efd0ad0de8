// LocDiT, the local diffusion transformer (spec, section 1): full attention over [proj(h) + e_t, K*P clean history latents, P noisy latents];
// the last P outputs are the velocity. History and noisy latents have input projections of their own (ours).

using Ditar.Reference.Layers;
using Ditar.Reference.Tracing;

namespace Ditar.Reference.Speech;

public sealed class LocalDiffusionTransformer : IVelocityField
{
    private readonly DitarConfig config;
    private readonly string path;

    public LocalDiffusionTransformer(ParameterScope scope, DitarConfig config)
    {
        this.config = config;
        path = scope.Path;
        var width = config.Diffusion.Width;
        Condition = new Linear(scope["condition"], config.LanguageModel.Width, width);
        Time = new TimeEmbedding(scope["time"], width);
        History = new Linear(scope["history"], config.LatentDim, width);
        Noisy = new Linear(scope["noisy"], config.LatentDim, width);
        Transformer = new Transformer(scope["transformer"], config.Stack(config.Diffusion, causal: false, config.DiffusionTokens));
        // A zero start makes the first velocity zero, so the first loss must be E|v|^2 = (pi^2/4) per dim: 2.467.
        Output = new Linear(scope["output"], width, config.LatentDim, bias: true, Start.Zeros);
    }

    public Linear Condition { get; }

    public TimeEmbedding Time { get; }

    public Linear History { get; }

    public Linear Noisy { get; }

    public Transformer Transformer { get; }

    public Linear Output { get; }

    public Tensor Velocity(Tensor x, Tensor time, Tensor condition, Tensor history)
    {
        var (patch, clean) = (config.PatchSize, config.HistoryPatches * config.PatchSize);
        if (x.Rank != 3 || x[1] != patch || x[2] != config.LatentDim)
            throw new ArgumentException($"Noisy patches are [batch, {patch}, {config.LatentDim}], found {x}.", nameof(x));
        if (history.Rank != 3 || history[0] != x[0] || history[1] != clean || history[2] != config.LatentDim)
            throw new ArgumentException($"The history is [{x[0]}, {clean}, {config.LatentDim}], found {history}.", nameof(history));

        var here = Module.Enter(path);
        var prefix = Condition.Forward(condition) + Time.Forward(time);                            // [batch, width]
        var tokens = Tensor.Concat(1, prefix.Reshape(x[0], 1, -1), History.Forward(history), Noisy.Forward(x)); // [batch, 1 + K*P + P, width]
        var y = Transformer.Forward(tokens).Slice(1, 1 + clean, patch);                            // [batch, P, width]
        return here.Output(Output.Forward(y));                                                     // [batch, P, D]
    }
}
