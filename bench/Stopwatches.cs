// A timing loop for tables: every candidate is called long enough to be timed, candidates take turns so that a slow spell of the machine
// meets them all, and the least and the median time per call are kept.

using System.Diagnostics;

namespace Ditar.Bench;

/// <summary>Seconds per call: the least, the median and the middle half over the rounds, and the bytes that one call allocates on the calling thread.</summary>
internal readonly record struct Timing(double Least, double LowerQuartile, double Median, double UpperQuartile, long AllocatedBytes)
{
    /// <param name="seconds">Of each round.</param>
    public static Timing Of(IEnumerable<double> seconds, long allocatedBytes)
    {
        double[] ordered = [.. seconds.Order()];
        return new(ordered[0], ordered[ordered.Length / 4], ordered[ordered.Length / 2], ordered[ordered.Length * 3 / 4], allocatedBytes);
    }
}

internal static class Stopwatches
{
    /// <summary>Times the actions, interleaved.</summary>
    /// <param name="rounds">Turns per action.</param>
    /// <param name="secondsPerTurn">How long a turn should last; short actions are repeated within it.</param>
    /// <param name="actions">Each is one call of what is measured.</param>
    public static Timing[] Time(int rounds, double secondsPerTurn, params Action[] actions)
    {
        var repeats = new int[actions.Length];
        var seconds = new double[actions.Length][];
        var allocated = new long[actions.Length];
        for (var i = 0; i < actions.Length; i++)
        {
            var call = OneTurn(actions[i], 1);
            call = Math.Min(call, OneTurn(actions[i], 1));
            repeats[i] = (int)Math.Clamp(secondsPerTurn / Math.Max(call, 1e-9), 1, 1_000_000);
            OneTurn(actions[i], repeats[i]);
            seconds[i] = new double[rounds];
        }

        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < actions.Length; i++)
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                seconds[i][round] = OneTurn(actions[i], repeats[i]);
                allocated[i] = (GC.GetAllocatedBytesForCurrentThread() - before) / repeats[i];
            }
        }

        return [.. seconds.Select((s, i) => Timing.Of(s, allocated[i]))];
    }

    /// <summary>Times arms that hold the watch themselves, interleaved, after one turn each that does not count.</summary>
    /// <param name="arms">Each returns seconds per call of one turn.</param>
    public static Timing[] TimeArms(int rounds, params Func<double>[] arms)
    {
        var seconds = new double[arms.Length][];
        for (var i = 0; i < arms.Length; i++)
        {
            seconds[i] = new double[rounds];
            arms[i]();
        }

        for (var round = 0; round < rounds; round++)
            for (var i = 0; i < arms.Length; i++) seconds[i][round] = arms[i]();
        return [.. seconds.Select(s => Timing.Of(s, 0))];
    }

    private static double OneTurn(Action action, int repeats)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < repeats; i++)
            action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds / repeats;
    }
}
