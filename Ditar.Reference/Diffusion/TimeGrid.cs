// The times at which a sampler stops on its way from noise (1) to data (0): spec, sections 3 and 4, counted upwards from t_0 = 0 as there from t_1.

namespace Ditar.Reference.Diffusion;

/// <summary>Ascending times from exactly 0 to exactly 1.</summary>
public sealed class TimeGrid
{
    private readonly double[] times;

    /// <exception cref="ArgumentException">Fewer than two times, not ascending, or not from 0 to 1.</exception>
    public TimeGrid(params ReadOnlySpan<double> times)
    {
        if (times.Length < 2 || times[0] != 0 || times[^1] != 1) throw new ArgumentException($"A grid runs from 0 to 1, found {string.Join(", ", times.ToArray())}.");
        for (var n = 1; n < times.Length; n++)
            if (!(times[n - 1] < times[n])) throw new ArgumentException($"A grid ascends, found {times[n - 1]} before {times[n]}.");
        this.times = times.ToArray();
    }

    /// <summary>Solver steps, one less than there are times.</summary>
    public int Steps => times.Length - 1;

    /// <summary>t_n for n = 0 .. Steps.</summary>
    public double this[int n] => times[n];

    /// <summary>t_n = n / steps (ours).</summary>
    /// <exception cref="ArgumentException">Not a positive number of steps.</exception>
    public static TimeGrid Uniform(int steps) => Warped(steps, u => u);

    /// <summary>VoxCPM's grid, t = u + c (cos(pi u/2) - 1 + u) over uniform u: with c = 1 dense near the noise end, with c = 0 uniform.</summary>
    /// <param name="coefficient">c, in (-1, 1.75): beyond these the grid would turn back.</param>
    /// <inheritdoc cref="Uniform"/>
    public static TimeGrid Sway(int steps, double coefficient = 1) => Warped(steps, u => u + (coefficient * (Math.Cos(Math.PI / 2 * u) - 1 + u)));

    /// <summary>The number of the time nearest to t; of two equally near ones the later.</summary>
    public int Nearest(double t)
    {
        var nearest = 0;
        for (var n = 1; n < times.Length; n++)
            if (Math.Abs(times[n] - t) <= Math.Abs(times[nearest] - t)) nearest = n;
        return nearest;
    }

    /// <summary>The length of the solver step that begins at the time nearest to t; 0 at the end.</summary>
    public double StepFrom(double t) => Nearest(t) is var n && n == 0 ? 0 : times[n] - times[n - 1];

    private static TimeGrid Warped(int steps, Func<double, double> warp)
    {
        if (steps < 1) throw new ArgumentException($"A grid has at least one step, found {steps}.", nameof(steps));
        var times = new double[steps + 1];
        for (var n = 1; n < steps; n++) times[n] = warp((double)n / steps);
        times[steps] = 1;
        return new TimeGrid(times);
    }
}
