// VoxCPM's LocDiT: full attention over [conditions, P latents of the previous patch, P noisy latents]; the last P outputs are the velocity. Version 1 has one
// condition token, mu + e; version 2 three, mu of the base model, mu of the residual model, and e. e is the sum of two time embeddings, of t and of the
// length of the solver's step; the latter is told zero (and its constant still added) except in mean-mode models.

using Ditar.Reference.Diffusion;
using Ditar.Reference.Layers;
using Ditar.Reference.Speech;
using Ditar.Reference.Tracing;

namespace Ditar.Reference.VoxCpm;

public sealed class VoxCpmDiffusion : IVelocityField
{
    private readonly VoxCpmConfig config;
    private readonly string path;
    private TimeGrid? grid;

    public VoxCpmDiffusion(ParameterScope scope, VoxCpmConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        this.config = config;
        path = scope.Path;
        var (width, half) = (config.Diffusion.Width, config.Diffusion.Width / 2);
        var tokens = config.ConditionTokens + (2 * config.PatchSize);
        Time = new TimeEmbedding(scope["time"], width, Math.Max(1, half - 1));
        Step = new TimeEmbedding(scope["step"], width, Math.Max(1, half - 1));
        History = new Linear(scope["history"], config.LatentDim, width);
        Noisy = new Linear(scope["noisy"], config.LatentDim, width);
        Transformer = new Transformer(
            scope["transformer"], config.Transformer(config.Diffusion, causal: false, tokens), config.Rotary.Positions(scope.Type, tokens, config.Diffusion.HeadDim));
        Output = new Linear(scope["output"], width, config.LatentDim);
    }

    public TimeEmbedding Time { get; }

    public TimeEmbedding Step { get; }

    public Linear History { get; }

    public Linear Noisy { get; }

    public Transformer Transformer { get; }

    public Linear Output { get; }

    /// <summary>The field for a sampler of this grid: a mean-mode model is told how far each step goes; others do not care.</summary>
    public VoxCpmDiffusion On(TimeGrid steps)
    {
        if (!config.MeanMode) return this;
        var field = (VoxCpmDiffusion)MemberwiseClone();
        field.grid = steps;
        return field;
    }

    /// <summary>The whole computation in one call.</summary>
    /// <param name="x">[batch, P, D], noisy latents.</param>
    /// <param name="time">[batch], in [0, 1].</param>
    /// <param name="step">[batch], the step's length in mean mode, otherwise zeros.</param>
    /// <param name="condition">[batch, mu]; zeros for the unconditional branch.</param>
    /// <param name="history">[batch, P, D], the previous patch.</param>
    /// <returns>[batch, P, D].</returns>
    public Tensor Velocity(Tensor x, Tensor time, Tensor step, Tensor condition, Tensor history)
    {
        RequireHistory(condition, history);
        var here = Module.Enter(path);
        return here.Output(Velocity(x, Time.Forward(time) + Step.Forward(step), condition, History.Forward(history)));
    }

    public IPatchField Begin(Tensor condition, Tensor history)
    {
        RequireHistory(condition, history);
        if (config.MeanMode && grid is null) throw new InvalidOperationException("A mean-mode model has to know the sampler's grid: call On.");
        return new Patch(this, condition, History.Forward(history));
    }

    /// <param name="embedded">[batch or 1, width], e.</param>
    /// <param name="clean">[batch, P, width], the previous patch as tokens.</param>
    /// <returns>[batch, conditions + 2P, width].</returns>
    public Tensor Tokens(Tensor x, Tensor embedded, Tensor condition, Tensor clean)
    {
        var (batch, width) = (x[0], config.Diffusion.Width);
        if (x.Rank != 3 || batch != condition[0] || x[1] != config.PatchSize || x[2] != config.LatentDim)
            throw new ArgumentException($"Noisy patches are [{condition[0]}, {config.PatchSize}, {config.LatentDim}], found {x}.", nameof(x));
        var noisy = Noisy.Forward(x);
        if (config.Version == VoxCpmVersion.One) return Tensor.Concat(1, (condition + embedded).Reshape(batch, 1, width), clean, noisy);
        var times = (embedded[0] == batch ? embedded : embedded + Tensor.Zeros(x.Type, batch, width)).Reshape(batch, 1, width);
        return Tensor.Concat(1, condition.Reshape(batch, 2, width), times, clean, noisy);
    }

    private Tensor Velocity(Tensor x, Tensor embedded, Tensor condition, Tensor clean)
    {
        var tokens = Tokens(x, embedded, condition, clean);
        var y = Transformer.Forward(tokens).Slice(1, tokens[1] - x[1], x[1]);                      // [batch, P, width]
        return Output.Forward(y);                                                                  // [batch, P, D]
    }

    private void RequireHistory(Tensor condition, Tensor history)
    {
        if (condition.Rank != 2 || condition[1] != config.ConditionWidth)
            throw new ArgumentException($"The condition is [batch, {config.ConditionWidth}], found {condition}.", nameof(condition));
        if (history.Rank != 3 || history[0] != condition[0] || history[1] != config.PatchSize || history[2] != config.LatentDim)
            throw new ArgumentException($"The history is [{condition[0]}, {config.PatchSize}, {config.LatentDim}], found {history}.", nameof(history));
    }

    private sealed class Patch(VoxCpmDiffusion network, Tensor condition, Tensor clean) : IPatchField
    {
        public Tensor Velocity(Tensor x, double time)
        {
            var e = network.Time.Forward(Tensor.Full(x.Type, time, 1)) + network.Step.Forward(Tensor.Full(x.Type, network.grid?.StepFrom(time) ?? 0, 1)); // [1, width]
            return network.Velocity(x, e, condition, clean);
        }
    }
}
