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

    /// <summary>The whole computation in one call, for training and export: each item of the batch has a time of its own.</summary>
    /// <param name="x">[batch, P, D], noisy latents.</param>
    /// <param name="time">[batch], in [0, 1].</param>
    /// <param name="condition">[batch, width of the language model]: h, or zeros for the unconditional branch.</param>
    /// <param name="history">[batch, K*P, D], clean latents.</param>
    /// <returns>[batch, P, D].</returns>
    public Tensor Velocity(Tensor x, Tensor time, Tensor condition, Tensor history)
    {
        RequireHistory(condition, history);
        var here = Module.Enter(path);
        return here.Output(Velocity(x, Condition.Forward(condition) + Time.Forward(time), History.Forward(history)));
    }

    public IPatchField Begin(Tensor condition, Tensor history)
    {
        RequireHistory(condition, history);
        return new Patch(this, Condition.Forward(condition), History.Forward(history));
    }

    // prefix [batch, width], clean [batch, K*P, width].
    private Tensor Velocity(Tensor x, Tensor prefix, Tensor clean)
    {
        if (x.Rank != 3 || x[0] != prefix[0] || x[1] != config.PatchSize || x[2] != config.LatentDim)
            throw new ArgumentException($"Noisy patches are [{prefix[0]}, {config.PatchSize}, {config.LatentDim}], found {x}.", nameof(x));
        var tokens = Tensor.Concat(1, prefix.Reshape(x[0], 1, -1), clean, Noisy.Forward(x));       // [batch, 1 + K*P + P, width]
        var y = Transformer.Forward(tokens).Slice(1, 1 + clean[1], x[1]);                          // [batch, P, width]
        return Output.Forward(y);                                                                  // [batch, P, D]
    }

    private void RequireHistory(Tensor condition, Tensor history)
    {
        var clean = config.HistoryPatches * config.PatchSize;
        if (history.Rank != 3 || history[0] != condition[0] || history[1] != clean || history[2] != config.LatentDim)
            throw new ArgumentException($"The history is [{condition[0]}, {clean}, {config.LatentDim}], found {history}.", nameof(history));
    }

    // condition [batch, width] and history [batch, K*P, width] as tokens see them.
    private sealed class Patch(LocalDiffusionTransformer network, Tensor condition, Tensor history) : IPatchField
    {
        public Tensor Velocity(Tensor x, double time) =>
            network.Velocity(x, condition + network.Time.Forward(Tensor.Full(x.Type, time, 1)), history);
    }
}
