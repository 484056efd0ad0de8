// Conversions at one time of a Gaussian path. Two of (x, x0, eps, v) determine the others, for
//     x = a  x0 + s  eps
//     v = a' x0 + s' eps,      determinant d = a s' - s a'  (pi/2 on the trigonometric path, 1 on the straight one: never singular),
// and the score of x given x0 is -eps / s. All are linear: coefficients are worked out in double and rounded once.
// The v of some papers, a eps - s x0, is this one divided by pi/2 on the trigonometric path.

namespace Ditar.Reference.Diffusion;

/// <summary>A Gaussian path at one time, or at one time per batch item.</summary>
public readonly struct PathPoint
{
    private readonly Moment only;
    private readonly Moment[]? perItem;

    internal PathPoint(GaussianPath path, double time) => only = Moment.Of(path, time);

    internal PathPoint(GaussianPath path, ReadOnlySpan<double> times)
    {
        perItem = new Moment[times.Length];
        for (var i = 0; i < perItem.Length; i++) perItem[i] = Moment.Of(path, times[i]);
    }

    /// <summary>x = a x0 + s eps. Arguments and result of this and all other conversions: [batch, ...], or any shape at a single time.</summary>
    public Tensor Mix(Tensor clean, Tensor noise) => Combine(clean, m => m.Signal, noise, m => m.Noise);

    /// <summary>v = a' x0 + s' eps: what the network learns.</summary>
    public Tensor Velocity(Tensor clean, Tensor noise) => Combine(clean, m => m.SignalRate, noise, m => m.NoiseRate);

    /// <summary>x0 = (s' x - s v) / d.</summary>
    public Tensor CleanFromVelocity(Tensor x, Tensor velocity) => Combine(x, m => m.NoiseRate / m.Determinant, velocity, m => -m.Noise / m.Determinant);

    /// <summary>eps = (a v - a' x) / d.</summary>
    public Tensor NoiseFromVelocity(Tensor x, Tensor velocity) => Combine(velocity, m => m.Signal / m.Determinant, x, m => -m.SignalRate / m.Determinant);

    /// <summary>eps = (x - a x0) / s; infinite or NaN at t = 0.</summary>
    public Tensor NoiseFromClean(Tensor x, Tensor clean) => Combine(x, m => 1 / m.Noise, clean, m => -m.Signal / m.Noise);

    /// <summary>x0 = (x - s eps) / a; meaningless at t = 1, where x holds no signal.</summary>
    public Tensor CleanFromNoise(Tensor x, Tensor noise) => Combine(x, m => 1 / m.Signal, noise, m => -m.Noise / m.Signal);

    /// <summary>score = -eps / s; infinite or NaN at t = 0.</summary>
    public Tensor ScoreFromNoise(Tensor noise) => Scale(noise, m => -1 / m.Noise);

    /// <summary>eps = -s score.</summary>
    public Tensor NoiseFromScore(Tensor score) => Scale(score, m => -m.Noise);

    private Tensor Combine(Tensor first, Func<Moment, double> firstFactor, Tensor second, Func<Moment, double> secondFactor) =>
        Scale(first, firstFactor) + Scale(second, secondFactor);

    private Tensor Scale(Tensor x, Func<Moment, double> factor)
    {
        if (perItem is null) return x * factor(only);
        if (perItem.Length == 1) return x * factor(perItem[0]);
        if (x.Rank == 0 || x[0] != perItem.Length) throw new ArgumentException($"{perItem.Length} times for {x} (batch, ...).");
        Span<int> shape = stackalloc int[x.Rank];
        shape.Fill(1);
        shape[0] = perItem.Length;
        return x * Tensor.From(x.Type, [.. perItem.Select(factor)], shape);                        // [batch, ...] * [batch, 1, ..., 1]
    }

    private readonly record struct Moment(double Signal, double Noise, double SignalRate, double NoiseRate)
    {
        public static Moment Of(GaussianPath path, double time) => time is >= 0 and <= 1
            ? new Moment(path.Signal(time), path.Noise(time), path.SignalRate(time), path.NoiseRate(time))
            : throw new ArgumentOutOfRangeException(nameof(time), time, "A time of a path lies in [0, 1].");

        public double Determinant => (Signal * NoiseRate) - (Noise * SignalRate);
    }
}
