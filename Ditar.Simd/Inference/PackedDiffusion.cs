// LocDiT's weights, packed, and where what stands among its tokens. DiTAR's and VoxCPM's differ in nothing else:
//     DiTAR        [h projected + time]                       [K*P clean latents] [P noisy latents]
//     VoxCPM 1     [mu + time]                                [P clean latents]   [P noisy latents]
//     VoxCPM 2     [mu of the base, mu of the residual, time] [P clean latents]   [P noisy latents]
// What touches latents or times stays float32.

using Ditar.Reference.Layers;
using Ditar.Reference.Speech;
using Ditar.Reference.VoxCpm;

namespace Ditar.Simd;

/// <param name="ConditionWidth">Numbers that condition a patch.</param>
/// <param name="ConditionTokens">Tokens that they are, or are projected to.</param>
/// <param name="TimeToken">The token that the time is added to: a condition's, or one of its own behind them.</param>
/// <param name="CleanLatents">K*P.</param>
/// <param name="PatchSize">P.</param>
/// <param name="LatentDim">D.</param>
internal sealed record DiffusionLayout(int ConditionWidth, int ConditionTokens, int TimeToken, int CleanLatents, int PatchSize, int LatentDim)
{
    public int FirstClean => Math.Max(ConditionTokens, TimeToken + 1);

    public int FirstNoisy => FirstClean + CleanLatents;

    public int Tokens => FirstNoisy + PatchSize;

    public static DiffusionLayout Of(DitarConfig config) =>
        new(config.LanguageModel.Width, 1, 0, config.HistoryPatches * config.PatchSize, config.PatchSize, config.LatentDim);

    public static DiffusionLayout Of(VoxCpmConfig config) => config.Version == VoxCpmVersion.Two
        ? new(config.ConditionWidth, 2, 2, config.PatchSize, config.PatchSize, config.LatentDim)
        : new(config.ConditionWidth, 1, 0, config.PatchSize, config.PatchSize, config.LatentDim);
}

internal sealed class PackedDiffusion : IDisposable
{
    public PackedDiffusion(LocalDiffusionTransformer definition, DitarConfig config, WeightFormat format, WorkerPool? pool)
        : this(DiffusionLayout.Of(config), definition.Time, definition.History, definition.Noisy, definition.Transformer, definition.Output, format, pool) =>
        Condition = PackedLinear.Pack(definition.Condition, format, pool);

    public PackedDiffusion(VoxCpmDiffusion definition, VoxCpmConfig config, WeightFormat format, WorkerPool? pool)
        : this(DiffusionLayout.Of(config), definition.Time, definition.History, definition.Noisy, definition.Transformer, definition.Output, format, pool)
    {
        Step = new PackedTime(definition.Step, pool);
        MeanMode = config.MeanMode;
    }

    private PackedDiffusion(
        DiffusionLayout layout, TimeEmbedding time, Linear history, Linear noisy, Transformer transformer, Linear output, WeightFormat format, WorkerPool? pool)
    {
        Layout = layout;
        Time = new PackedTime(time, pool);
        History = PackedLinear.Pack(history, WeightFormat.Float32, pool);
        Noisy = PackedLinear.Pack(noisy, WeightFormat.Float32, pool);
        Transformer = new PackedTransformer(transformer, format, pool);
        Output = PackedLinear.Pack(output, WeightFormat.Float32, pool);
    }

    public DiffusionLayout Layout { get; }

    /// <summary>Null where the condition is given as tokens.</summary>
    public PackedLinear? Condition { get; }

    public PackedTime Time { get; }

    /// <summary>Of a solver step's length, added to the time's; null where there is none.</summary>
    public PackedTime? Step { get; }

    /// <summary>Whether <see cref="Step"/> is told the length; otherwise it is told zero.</summary>
    public bool MeanMode { get; }

    public PackedLinear History { get; }

    public PackedLinear Noisy { get; }

    public PackedTransformer Transformer { get; }

    public PackedLinear Output { get; }

    public long Bytes => (Condition?.Bytes ?? 0) + Time.Bytes + (Step?.Bytes ?? 0) + History.Bytes + Noisy.Bytes + Transformer.Bytes + Output.Bytes;

    public void Dispose()
    {
        Condition?.Dispose();
        Time.Dispose();
        Step?.Dispose();
        History.Dispose();
        Noisy.Dispose();
        Transformer.Dispose();
        Output.Dispose();
    }
}

/// <summary>The embedding of a time or of a step's length.</summary>
internal sealed class PackedTime(TimeEmbedding definition, WorkerPool? pool) : IDisposable
{
    public PackedLinear First { get; } = PackedLinear.Pack(definition.First, WeightFormat.Float32, pool);

    public PackedLinear Second { get; } = PackedLinear.Pack(definition.Second, WeightFormat.Float32, pool);

    /// <summary>Radians per unit of time, half the width of them.</summary>
    public double[] Frequencies { get; } = definition.Frequencies.ToArray();

    public long Bytes => First.Bytes + Second.Bytes;

    public void Dispose()
    {
        First.Dispose();
        Second.Dispose();
    }
}
