// AdamW (Loshchilov and Hutter, arXiv 1711.05101) with gradient clipping by global norm and a running average of the weights:
//     m <- b1 m + (1-b1) g,  v <- b2 v + (1-b2) g^2,  w <- w - lr (m/(1-b1^t) / (sqrt(v/(1-b2^t)) + eps) + decay w),  a <- c a + (1-c) w
// Decay acts on matrices only (rank 2 and up). Parameters are split over threads whole, so the thread count changes no bit.

using System.Numerics;
using Ditar.Reference;

namespace Ditar.Learn;

/// <param name="Average">c above; the averaged weights are what is evaluated and shipped.</param>
public sealed record AdamWOptions(
    double Beta1 = 0.9, double Beta2 = 0.99, double WeightDecay = 0.01, double Clip = 1, double Average = 0.998, double Epsilon = 1e-8);

public sealed class AdamW
{
    private readonly AdamWOptions options;

    /// <param name="parameters">Float32 tensors, by name; they are written in place.</param>
    public AdamW(IReadOnlyList<KeyValuePair<string, Tensor>> parameters, AdamWOptions options)
    {
        this.options = options;
        Parameters = parameters;
        First = [.. parameters.Select(p => new float[p.Value.Count])];
        Second = [.. parameters.Select(p => new float[p.Value.Count])];
        Averages = [.. parameters.Select(p => p.Value.ToSingles())];
    }

    public IReadOnlyList<KeyValuePair<string, Tensor>> Parameters { get; }

    /// <summary>m, one array per parameter.</summary>
    public IReadOnlyList<float[]> First { get; }

    /// <summary>v, one array per parameter.</summary>
    public IReadOnlyList<float[]> Second { get; }

    /// <summary>The running average of the weights, one array per parameter.</summary>
    public IReadOnlyList<float[]> Averages { get; }

    /// <param name="step">From 0; the bias corrections need it.</param>
    /// <returns>The norm of the gradient before clipping.</returns>
    /// <exception cref="TrainingException">The gradient is not finite; nothing was changed.</exception>
    public double Step(IReadOnlyList<float[]> gradients, int step, double rate)
    {
        var squares = new double[gradients.Count];
        Parallel.For(0, gradients.Count, i => squares[i] = SumOfSquares(gradients[i]));
        var norm = Math.Sqrt(squares.Sum());
        if (!double.IsFinite(norm)) throw new TrainingException($"The gradient of step {step} is not finite; lower the learning rate or start from an earlier checkpoint.");

        var scale = (float)(norm > options.Clip ? options.Clip / norm : 1);
        var correction1 = (float)(1 / (1 - Math.Pow(options.Beta1, step + 1)));
        var correction2 = (float)(1 / (1 - Math.Pow(options.Beta2, step + 1)));
        // Early averages would be dominated by the start values; (1 + step) / (10 + step) lets them follow at first.
        var average = (float)Math.Min(options.Average, (1.0 + step) / (10.0 + step));
        Parallel.For(0, gradients.Count, i =>
        {
            var decay = Parameters[i].Value.Rank >= 2 ? (float)(rate * options.WeightDecay) : 0;
            Update(
                Parameters[i].Value.Values<float>(), gradients[i], First[i], Second[i], Averages[i],
                scale, (float)options.Beta1, (float)options.Beta2, (float)rate, decay, correction1, correction2, (float)options.Epsilon, average);
        });
        return norm;
    }

    /// <summary>Runs something with the averaged weights in place of the current ones.</summary>
    public void WithAverages(Action action)
    {
        Swap();
        try
        {
            action();
        }
        finally
        {
            Swap();
        }
    }

    private void Swap()
    {
        for (var i = 0; i < Parameters.Count; i++)
        {
            var weights = Parameters[i].Value.Values<float>();
            for (var j = 0; j < weights.Length; j++) (weights[j], Averages[i][j]) = (Averages[i][j], weights[j]);
        }
    }

    private static double SumOfSquares(ReadOnlySpan<float> x)
    {
        // Blocks keep float sums short; the blocks add up in double.
        double total = 0;
        for (var start = 0; start < x.Length; start += 4096)
        {
            var block = x[start..Math.Min(x.Length, start + 4096)];
            total += System.Numerics.Tensors.TensorPrimitives.SumOfSquares(block);
        }

        return total;
    }

    private static void Update(
        Span<float> w, ReadOnlySpan<float> g, Span<float> m, Span<float> v, Span<float> a,
        float scale, float beta1, float beta2, float rate, float decay, float correction1, float correction2, float epsilon, float average)
    {
        var width = Vector<float>.Count;
        var i = 0;
        for (; i <= w.Length - width; i += width)
        {
            var gradient = new Vector<float>(g[i..]) * scale;
            var first = (new Vector<float>(m[i..]) * beta1) + (gradient * (1 - beta1));
            var second = (new Vector<float>(v[i..]) * beta2) + (gradient * gradient * (1 - beta2));
            var weight = new Vector<float>(w[i..]);
            var direction = first * correction1 / (Vector.SquareRoot(second * correction2) + new Vector<float>(epsilon));
            weight -= (direction * rate) + (weight * decay);
            first.CopyTo(m[i..]);
            second.CopyTo(v[i..]);
            weight.CopyTo(w[i..]);
            ((new Vector<float>(a[i..]) * average) + (weight * (1 - average))).CopyTo(a[i..]);
        }

        for (; i < w.Length; i++)
        {
            var gradient = g[i] * scale;
            m[i] = (m[i] * beta1) + (gradient * (1 - beta1));
            v[i] = (v[i] * beta2) + (gradient * gradient * (1 - beta2));
            w[i] -= (m[i] * correction1 / (MathF.Sqrt(v[i] * correction2) + epsilon) * rate) + (w[i] * decay);
            a[i] = (a[i] * average) + (w[i] * (1 - average));
        }
    }
}
