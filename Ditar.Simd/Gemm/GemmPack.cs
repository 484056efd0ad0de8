// Copies a strip of a matrix into the order in which the tile kernel reads it: for each step of k, `width` consecutive values.
// B is cut into panels of two vectors, A (when it is packed at all) into groups of tile rows; both are the same copy with the roles of
// the strides exchanged. Lanes beyond the matrix are zero, so that the kernel may compute and then drop them.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Ditar.Simd;

internal static unsafe class GemmPack
{
    /// <summary>
    /// Cuts the lanes into strips of <paramref name="width"/>: packed[strip][p, j] = source[(strip * width + j) * laneStride + p * stepStride],
    /// zero for lanes that do not exist.
    /// </summary>
    [MethodImpl(Jit.Hot)]
    public static void Strips(float* source, nint laneStride, nint stepStride, int lanes, int steps, int width, float* packed)
    {
        if (laneStride == 1)
        {
            // Four steps of all strips at a time: reading goes along whole rows, which the hardware's prefetching likes.
            for (var p = 0; p < steps; p += 4)
            {
                for (var j = 0; j < lanes; j += width)
                {
                    CopyRows(
                        source + (p * stepStride) + j, stepStride, Math.Min(width, lanes - j), Math.Min(4, steps - p), width,
                        packed + ((nint)j * steps) + (p * width));
                }
            }

            return;
        }

        for (var j = 0; j < lanes; j += width, packed += (nint)width * steps)
        {
            var strip = source + (j * laneStride);
            if (stepStride == 1)
                Transpose(strip, laneStride, Math.Min(width, lanes - j), steps, width, packed);
            else
                Gather(strip, laneStride, stepStride, Math.Min(width, lanes - j), steps, width, packed);
        }
    }

    private static void CopyRows(float* source, nint stepStride, int lanes, int steps, int width, float* packed)
    {
        for (var p = 0; p < steps; p++, source += stepStride, packed += width)
        {
            var j = 0;
            for (; j <= lanes - 4; j += 4)
                Vector128.Store(Vector128.Load(source + j), packed + j);
            for (; j < lanes; j++)
                packed[j] = source[j];
            for (; j < width; j++)
                packed[j] = 0;
        }
    }

    private static void Transpose(float* source, nint laneStride, int lanes, int steps, int width, float* packed)
    {
        var fullLanes = lanes & ~3;
        var fullSteps = steps & ~3;
        for (var j = 0; j < fullLanes; j += 4)
        {
            var rows = source + (j * laneStride);
            var target = packed + j;
            for (var p = 0; p < fullSteps; p += 4, target += 4 * width)
                Transpose4x4(rows + p, laneStride, target, width);
        }

        if (fullSteps < steps)
            Gather(source + fullSteps, laneStride, 1, fullLanes, steps - fullSteps, width, packed + ((nint)fullSteps * width));
        for (var p = 0; p < steps; p++)
        {
            var row = packed + ((nint)p * width);
            for (var j = fullLanes; j < width; j++)
                row[j] = j < lanes ? source[(j * laneStride) + p] : 0;
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
    private static void Transpose4x4(float* source, nint sourceStride, float* target, nint targetStride)
    {
        var a = Vector128.Load(source);
        var b = Vector128.Load(source + sourceStride);
        var c = Vector128.Load(source + (2 * sourceStride));
        var d = Vector128.Load(source + (3 * sourceStride));
        var acLow = InterleaveLow(a, c);   // a0 c0 a1 c1
        var acHigh = InterleaveHigh(a, c); // a2 c2 a3 c3
        var bdLow = InterleaveLow(b, d);
        var bdHigh = InterleaveHigh(b, d);
        Vector128.Store(InterleaveLow(acLow, bdLow), target); // a0 b0 c0 d0
        Vector128.Store(InterleaveHigh(acLow, bdLow), target + targetStride);
        Vector128.Store(InterleaveLow(acHigh, bdHigh), target + (2 * targetStride));
        Vector128.Store(InterleaveHigh(acHigh, bdHigh), target + (3 * targetStride));
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
