// Copies a matrix into the order in which the tile kernel reads it: strips of lanes (columns of B, rows of A), and in a strip the lanes of
// one step of k side by side. The lanes of a step start on a vector: a group of 12 tile rows takes 16 places, so that every store is one
// whole cache line. Strips are one vector further apart than they are long; at a distance of a power of two they would all fall on the same
// few sets of the first-level cache. Places without a lane hold zero (or, in groups of A, anything finite or not: nobody reads them).
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Ditar.Simd;

internal static unsafe class GemmPack
{
    /// <summary>Lanes of a strip, places that a step of it takes, elements from one strip to the next, for a panel of B: two vectors.</summary>
    public static (int Width, int Pitch, nint Stride) Panel<TWidth, TVector>(int steps)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => (2 * TWidth.Count, 2 * TWidth.Count, (2 * TWidth.Count * (nint)steps) + TWidth.Count);

    /// <summary>The same for a group of tile rows of A.</summary>
    public static (int Width, int Pitch, nint Stride) Group<TWidth, TVector>(int steps)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var pitch = (TWidth.TileRows + TWidth.Count - 1) / TWidth.Count * TWidth.Count;
        return (TWidth.TileRows, pitch, (pitch * (nint)steps) + TWidth.Count);
    }

    /// <summary>Elements between copied rows: whole vectors, and one more against distances of a power of two.</summary>
    public static nint RowPitch<TWidth, TVector>(int steps)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged => ((steps + TWidth.Count - 1) / TWidth.Count * TWidth.Count) + TWidth.Count;

    /// <summary>copied[i * pitch + p] = source[i * rowStride + p]: rows keep their order and come close together.</summary>
    [MethodImpl(Jit.Hot)]
    public static void CopyRows<TWidth, TVector>(float* source, nint rowStride, int rows, int steps, float* copied, nint pitch)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        for (; rows > 0; rows--, source += rowStride, copied += pitch)
        {
            var p = 0;
            for (; p <= steps - TWidth.Count; p += TWidth.Count)
                TWidth.Store(TWidth.Load(source + p), copied + p);
            for (; p < steps; p++)
                copied[p] = source[p];
        }
    }

    /// <summary>packed[strip][p, j] = source[(strip * width + j) * laneStride + p * stepStride].</summary>
    /// <param name="shape">What <see cref="Panel"/> or <see cref="Group"/> says for this number of steps.</param>
    /// <param name="packed">Room for ceil(lanes / width) strips.</param>
    [MethodImpl(Jit.Hot)]
    public static void Strips<TWidth, TVector>(
        float* source, nint laneStride, nint stepStride, int lanes, int steps, (int Width, int Pitch, nint Stride) shape, float* packed)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        if (laneStride == 1)
        {
            CopyStrips<TWidth, TVector>(source, stepStride, lanes, steps, shape, packed);
            return;
        }

        for (var j = 0; j < lanes; j += shape.Width, packed += shape.Stride)
        {
            var strip = source + (j * laneStride);
            if (stepStride == 1)
                Transpose(strip, laneStride, Math.Min(shape.Width, lanes - j), steps, shape.Pitch, packed);
            else
                Gather(strip, laneStride, stepStride, Math.Min(shape.Width, lanes - j), steps, shape.Pitch, packed);
        }
    }

    // Four steps of all strips at a time: reading goes along whole rows, which the hardware's prefetching likes.
    [MethodImpl(Jit.Hot)]
    private static void CopyStrips<TWidth, TVector>(
        float* source, nint stepStride, int lanes, int steps, (int Width, int Pitch, nint Stride) shape, float* packed)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var w = TWidth.Count;
        for (var p = 0; p < steps; p += 4, source += 4 * stepStride, packed += 4 * shape.Pitch)
        {
            var count = Math.Min(4, steps - p);
            var strip = packed;
            var j = 0;
            for (; j <= lanes - shape.Pitch; j += shape.Width, strip += shape.Stride)
            {
                var row = source + j;
                var target = strip;
                for (var q = 0; q < count; q++, row += stepStride, target += shape.Pitch)
                {
                    TWidth.Store(TWidth.Load(row), target);
                    if (shape.Pitch > w)
                        TWidth.Store(TWidth.Load(row + w), target + w);
                }
            }

            for (; j < lanes; j += shape.Width, strip += shape.Stride)
            {
                for (var q = 0; q < count; q++)
                    Copy(source + j + (q * stepStride), Math.Min(shape.Width, lanes - j), shape.Pitch, strip + (q * shape.Pitch));
            }
        }
    }

    private static void Copy(float* source, int count, int pitch, float* target)
    {
        var j = 0;
        for (; j <= count - 4; j += 4)
            Vector128.Store(Vector128.Load(source + j), target + j);
        for (; j < count; j++)
            target[j] = source[j];
        for (; j < pitch; j++)
            target[j] = 0;
    }

    private static void Transpose(float* source, nint laneStride, int lanes, int steps, int width, float* packed)
    {
        var fullSteps = steps & ~3;
        for (var j = 0; j < width; j += 4)
        {
            var rows = source + (j * laneStride);
            var target = packed + j;
            if (j >= lanes)
            {
                for (var p = 0; p < steps; p++, target += width)
                    Vector128.Store(Vector128<float>.Zero, target);
                continue;
            }

            // Lanes that do not exist read the last one that does, and are then cleared.
            var left = Math.Min(4, lanes - j) - 1;
            nint second = Math.Min(1, left) * laneStride, third = Math.Min(2, left) * laneStride, fourth = left * laneStride;
            var keep = Vector128.LessThanOrEqual(Vector128<float>.Indices, Vector128.Create((float)left));
            for (var p = 0; p < fullSteps; p += 4, rows += 4, target += 4 * width)
                Transpose4x4(rows, second, third, fourth, keep, target, width);
            for (var p = fullSteps; p < steps; p++, rows++, target += width)
                Vector128.Store(Vector128.Create(rows[0], rows[second], rows[third], rows[fourth]) & keep, target);
        }
    }

    private static void Gather(float* source, nint laneStride, nint stepStride, int lanes, int steps, int width, float* packed)
    {
        for (var p = 0; p < steps; p++, source += stepStride, packed += width)
        {
            for (var j = 0; j < width; j++)
                packed[j] = j < lanes ? source[j * laneStride] : 0;
        }
    }

    // Rows a, b, c, d become columns: first interleave a with c and b with d, then the results with each other.
    [MethodImpl(Jit.Inline)]
    private static void Transpose4x4(float* source, nint second, nint third, nint fourth, Vector128<float> keep, float* target, nint targetStride)
    {
        var a = Vector128.Load(source);
        var b = Vector128.Load(source + second);
        var c = Vector128.Load(source + third);
        var d = Vector128.Load(source + fourth);
        var acLow = InterleaveLow(a, c);   // a0 c0 a1 c1
        var acHigh = InterleaveHigh(a, c); // a2 c2 a3 c3
        var bdLow = InterleaveLow(b, d);
        var bdHigh = InterleaveHigh(b, d);
        Vector128.Store(InterleaveLow(acLow, bdLow) & keep, target); // a0 b0 c0 d0
        Vector128.Store(InterleaveHigh(acLow, bdLow) & keep, target + targetStride);
        Vector128.Store(InterleaveLow(acHigh, bdHigh) & keep, target + (2 * targetStride));
        Vector128.Store(InterleaveHigh(acHigh, bdHigh) & keep, target + (3 * targetStride));
    }

    [MethodImpl(Jit.Inline)]
    private static Vector128<float> InterleaveLow(Vector128<float> left, Vector128<float> right)
    {
        if (Sse.IsSupported)
            return Sse.UnpackLow(left, right);
        if (AdvSimd.Arm64.IsSupported)
            return AdvSimd.Arm64.ZipLow(left, right);
        return Vector128.Create(left[0], right[0], left[1], right[1]);
    }

    [MethodImpl(Jit.Inline)]
    private static Vector128<float> InterleaveHigh(Vector128<float> left, Vector128<float> right)
    {
        if (Sse.IsSupported)
            return Sse.UnpackHigh(left, right);
        if (AdvSimd.Arm64.IsSupported)
            return AdvSimd.Arm64.ZipHigh(left, right);
        return Vector128.Create(left[2], right[2], left[3], right[3]);
    }
}
