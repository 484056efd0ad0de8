// Dynamic time warping: the cheapest way to walk through two sequences together, from both starts to both ends, by steps (1,1), (1,0), (0,1),
// where each visited pair costs the distance of its frames. All steps weigh the same; no band limits the path.

using System.Numerics.Tensors;
using Ditar.Reference.Signal;

namespace Ditar.Learn;

/// <summary>A cheapest path.</summary>
/// <param name="Cost">Sum of the distances of its pairs.</param>
/// <param name="Pairs">Its pairs of frames, in order.</param>
public sealed record WarpingPath(double Cost, IReadOnlyList<(int First, int Second)> Pairs)
{
    /// <summary>Mean distance of a pair.</summary>
    public double MeanCost => Cost / Pairs.Count;
}

/// <summary>Aligns two sequences of features.</summary>
public static class DynamicTimeWarping
{
    /// <summary>The cheapest path between two sequences under the Euclidean distance of frames.</summary>
    /// <param name="first">[time1, dim].</param>
    /// <param name="second">[time2, dim].</param>
    /// <exception cref="ArgumentException">A sequence is empty, or the dims differ.</exception>
    public static WarpingPath Align(FeatureFrames first, FeatureFrames second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        if (first.Dim != second.Dim) throw new ArgumentException($"expected frames of equal size, found {first.Dim} and {second.Dim}");
        if (first.Frames == 0 || second.Frames == 0) throw new ArgumentException($"expected frames in both sequences, found {first.Frames} and {second.Frames}");

        int rows = first.Frames, columns = second.Frames;
        var cost = new double[rows * columns];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                double before = i == 0 && j == 0 ? 0 : Cheapest(cost, columns, i, j).Cost;
                cost[i * columns + j] = before + TensorPrimitives.Distance(first[i], second[j]);
            }
        }

        var pairs = new List<(int, int)>(rows + columns);
        for (int i = rows - 1, j = columns - 1; ;)
        {
            pairs.Add((i, j));
            if (i == 0 && j == 0) break;
            (_, i, j) = Cheapest(cost, columns, i, j);
        }

        pairs.Reverse();
        return new WarpingPath(cost[^1], pairs);
    }

    // The cheapest of the three pairs from which (i, j) is reached; the diagonal wins ties, which keeps paths short.
    private static (double Cost, int I, int J) Cheapest(double[] cost, int columns, int i, int j)
    {
        var best = (Cost: double.PositiveInfinity, I: i, J: j);
        if (i > 0 && j > 0) best = (cost[(i - 1) * columns + j - 1], i - 1, j - 1);
        if (i > 0 && !(cost[(i - 1) * columns + j] >= best.Cost)) best = (cost[(i - 1) * columns + j], i - 1, j);
        if (j > 0 && !(cost[i * columns + j - 1] >= best.Cost)) best = (cost[i * columns + j - 1], i, j - 1);
        return best;
    }
}
