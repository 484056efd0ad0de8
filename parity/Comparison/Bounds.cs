// What every row is held to. The figures are derived in docs/parity.md; here they stand with one line each.

namespace Ditar.Parity;

internal static class Bounds
{
    /// <summary>Ours, a whole transformer layer.</summary>
    public const double TransformerLayer = 2e-6;

    /// <summary>
    /// A layer of a LocDiT whose time is a token of its own, one of at least 1 + 2P = 5: the embedding of time brings 8e-6 along (docs/parity.md), which the
    /// others dilute to 8e-6 / sqrt 5.
    /// </summary>
    public const double TimedLayer = TransformerLayer + (8e-6 / 2.236);

    /// <summary>Ours and CPU graphs, every module output and everything inside.</summary>
    public const double Module = 1e-5;

    /// <summary>Exported graphs against our fastest float32 kernels, every module output.</summary>
    public const double GraphAgainstOurs = 1e-5;

    /// <summary>Graphs on a GPU, which may sum in any order and use fast exponentials.</summary>
    public const double Gpu = 1e-4;

    /// <summary>
    /// What a GPU computes with sines. WGSL allows an absolute error of 2^-11 in sin and cos, whose root mean square is 1/sqrt(2).
    /// </summary>
    public const double GpuSine = 1.41421356 / (1 << 11);

    /// <summary>Ours may be this much worse than ONNX Runtime's CPU kernels on the same row.</summary>
    public const double RatioToGraph = 2;

    /// <summary>Two errors below this are both rounding noise, and their ratio says nothing: four roundings of float32.</summary>
    public const double RatioFloor = 4.0 / (1 << 24);

    /// <summary>The engine's modules whose weights were rounded to bf16: a measured limit with a margin of two.</summary>
    public const double BFloat16 = 7e-3;

    /// <summary>The same at 8 bits, activations too.</summary>
    public const double Int8 = 0.16;

    /// <summary>The same with the language model's weights at 4 bits.</summary>
    public const double Int4 = 0.27;

    /// <summary>
    /// Behind VoxCPM's quantiser rounding may tip a number onto the next level: in the smallest quantiser, of 32 dims and steps of 1/9, one such number is
    /// (1/9) / (sqrt 32 / 2) = 4e-2 of the whole.
    /// </summary>
    public const double BFloat16BehindQuantiser = 4e-2;

    /// <summary>The same at 4 bits, where many tip: a measured limit with a margin of two.</summary>
    public const double Int4BehindQuantiser = 0.6;

    /// <summary>
    /// Free running with rounded weights says other things in time: two signals of equal power that have nothing in common are sqrt 2 apart. What is louder than
    /// it should be, or not finite, still breaks; whether the words are right is measured by ditar-learn eval.
    /// </summary>
    public const double RoundedFreeRunning = 2;

    /// <summary>After n patches: 60 dB below the signal. Not a bound of arithmetic but of hearing; see docs/parity.md.</summary>
    public const double FreeRunning = 1e-3;

    /// <summary>The plain float32 definition itself: 40 dB, since nothing else says how far the model carries a rounding error in so many steps.</summary>
    public const double PlainFreeRunning = 1e-2;

    /// <summary>Where the model carries errors further than that, an engine may be so many times as far off as the plain float32 definition.</summary>
    public const double FreeRunningRatio = 10;

    /// <summary>The same on a GPU: what its sines may do, over what float32 does in one call (12 roundings).</summary>
    public const double GpuFreeRunningRatio = 1000;

    /// <summary>Fused modules, in any weight format.</summary>
    public static bool IsEngine(EngineKind engine) => engine is EngineKind.Engine or EngineKind.EngineBFloat16 or EngineKind.EngineInt8 or EngineKind.EngineInt4;

    /// <param name="plainDrift">Relative l2 of the plain float32 definition on this row; null without it, and for itself.</param>
    public static double OfFreeRunning(EngineKind engine, bool plain, double? plainDrift) => plain
        ? PlainFreeRunning
        : OfRounding(engine) is not null ? RoundedFreeRunning : Math.Max(FreeRunning, (engine == EngineKind.GraphGpu ? GpuFreeRunningRatio : FreeRunningRatio) * Math.Min(plainDrift ?? 0, PlainFreeRunning / FreeRunningRatio));

    /// <param name="sines">Whether the row is computed with sines: the codec's activations and phases, the embedding of time.</param>
    /// <param name="graphError">Relative l2 of ONNX Runtime's CPU kernels on this row, or null without them.</param>
    /// <param name="rounded">Whether the row comes from weights that a format rounds; the codec, the embedding table and the stop head are float32 in all.</param>
    /// <param name="timed">Whether a transformer layer has the time as a token of its own, as VoxCPM's LocDiT.</param>
    /// <param name="quantised">Whether VoxCPM's quantiser is in the engine's row.</param>
    public static double Of(EngineKind engine, RowKind row, bool sines = false, double? graphError = null, bool rounded = false, bool timed = false, bool quantised = false)
    {
        if (rounded && OfRounding(engine, quantised) is { } format) return format;
        if (engine == EngineKind.GraphGpu) return sines ? GpuSine : Gpu;
        if (engine == EngineKind.GraphCpu) return Module;
        var own = row != RowKind.TransformerLayer ? Module : timed ? TimedLayer : TransformerLayer;
        // A graph's residual model computes on what it is given, the engine's on what its own base model made.
        return graphError is { } error && !(quantised && IsEngine(engine)) ? Math.Min(own, RatioToGraph * Math.Max(error, RatioFloor)) : own;
    }

    private static double? OfRounding(EngineKind engine, bool quantised = false) => engine switch
    {
        EngineKind.EngineBFloat16 => quantised ? BFloat16BehindQuantiser : BFloat16,
        EngineKind.EngineInt8 => Int8,
        EngineKind.EngineInt4 => quantised ? Int4BehindQuantiser : Int4,
        _ => null,
    };
}
