// The row steps of attention, on scores whose rows are padded to whole vectors. Sequences are short (9 positions in the diffusion
// transformer), so a row is often a single vector and everything about its end is done with lane masks.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

internal static unsafe class AttentionRows
{
    /// <summary>probabilities = softmax(scale * scores + added) over the first <paramref name="visible"/> of <paramref name="keys"/>, 0 behind them.</summary>
    /// <param name="scores">Padded to whole vectors; overwritten.</param>
    /// <param name="added">[keys], or null.</param>
    /// <param name="probabilities">[keys]. Whole vectors are stored while they end at or before <paramref name="end"/>: what follows a row is
    /// the next row, which is written later.</param>
    [MethodImpl(Jit.Hot)]
    public static void Softmax<TWidth, TVector>(float* scores, float scale, float* added, int visible, int keys, float* probabilities, float* end)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var w = TWidth.Count;
        var minusInfinity = TWidth.Broadcast(float.NegativeInfinity);
        var factor = TWidth.Broadcast(scale);
        var border = TWidth.Broadcast(visible);
        var largest = minusInfinity;
        for (nint i = 0; i < keys; i += w)
        {
            var score = TWidth.Multiply(TWidth.Load(scores + i), factor);
            if (added != null)
                score = TWidth.Add(score, Partial.Load<TWidth, TVector>(added + i, (int)Math.Min(w, keys - i)));
            score = TWidth.Select(TWidth.LessThan(TWidth.Lanes(i), border), score, minusInfinity);
            TWidth.Store(score, scores + i);
            largest = TWidth.Max(largest, score);
        }

        var shift = TWidth.MaxLane(largest);
        if (shift == float.NegativeInfinity && !HasNaN(scores, visible))
        {
            new Span<float>(probabilities, keys).Clear();
            return;
        }

        var top = TWidth.Broadcast(shift);
        var sum = TWidth.Zero;
        for (nint i = 0; i < keys; i += w)
        {
            var e = VectorMath.Exp<TWidth, TVector>(TWidth.Subtract(TWidth.Load(scores + i), top)); // exp(-infinity) = 0 behind the border
            TWidth.Store(e, scores + i);
            sum = TWidth.Add(sum, e);
        }

        var inverse = TWidth.Broadcast(1 / TWidth.Sum(sum));
        for (nint i = 0; i < keys; i += w)
        {
            var p = TWidth.Multiply(TWidth.Load(scores + i), inverse);
            if (probabilities + i + w <= end)
                TWidth.Store(p, probabilities + i);
            else
                Partial.Store<TWidth, TVector>(p, probabilities + i, (int)Math.Min(w, keys - i));
        }
    }

    /// <summary>ds = scale p (dp - sum(p dp)), in place of dp.</summary>
    /// <param name="probabilities">[keys]; whole vectors are read while they end at or before <paramref name="end"/>.</param>
    /// <param name="gradient">dp, padded to whole vectors with finite values.</param>
    [MethodImpl(Jit.Hot)]
    public static void SoftmaxGradient<TWidth, TVector>(float* probabilities, float* end, int keys, float scale, float* gradient)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var w = TWidth.Count;
        var sum = TWidth.Zero;
        for (nint i = 0; i < keys; i += w)
            sum = TWidth.MultiplyAdd(Row<TWidth, TVector>(probabilities + i, end, keys - i), TWidth.Load(gradient + i), sum);
        var dot = TWidth.Broadcast(TWidth.Sum(sum));
        var factor = TWidth.Broadcast(scale);
        for (nint i = 0; i < keys; i += w)
        {
            var p = TWidth.Multiply(Row<TWidth, TVector>(probabilities + i, end, keys - i), factor);
            TWidth.Store(TWidth.Multiply(p, TWidth.Subtract(TWidth.Load(gradient + i), dot)), gradient + i);
        }
    }

    // What is left of a row, zeros behind it.
    [MethodImpl(Jit.Inline)]
    private static TVector Row<TWidth, TVector>(float* p, float* end, nint left)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        if (left >= TWidth.Count)
            return TWidth.Load(p);
        return p + TWidth.Count <= end
            ? TWidth.Select(TWidth.LessThan(TWidth.Lanes(0), TWidth.Broadcast(left)), TWidth.Load(p), TWidth.Zero)
            : Partial.Load<TWidth, TVector>(p, (int)left);
    }

    private static bool HasNaN(float* values, int n)
    {
        for (var i = 0; i < n; i++)
        {
            if (float.IsNaN(values[i]))
                return true;
        }

        return false;
    }
}
