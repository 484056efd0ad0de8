// What this machine can do at best, measured, so that kernels are judged against it: fused multiply-adds per second from registers, and
// bytes per second read from a buffer larger than any cache.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Ditar.Simd;

namespace Ditar.Bench;

internal sealed unsafe class Peaks
{
    private const int Steps = 200_000;
    private const int Chains = 12;
    private const int BufferFloats = 96 << 20;

    private readonly WorkerPool _pool;
    private readonly float[] _buffer;
    private float _sink;

    public Peaks(WorkerPool pool)
    {
        _pool = pool;
        _buffer = new float[BufferFloats];
        _buffer.AsSpan().Fill(1);
    }

    /// <summary>The vector width that kernels use here, in bits.</summary>
    public static int WidthBits => Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;

    /// <summary>Multiply-adds count as two operations.</summary>
    public static double FlopPerCall(int threads) => 2.0 * Steps * Chains * (WidthBits / 32) * threads;

    public static double BytesPerCall => (double)BufferFloats * sizeof(float);

    public void Flop(int threads) => OnThreads(threads, _ =>
    {
        var value = Vector512.IsHardwareAccelerated ? Chain<Width512, Vector512<float>>(Steps)
            : Vector256.IsHardwareAccelerated ? Chain<Width256, Vector256<float>>(Steps)
            : Chain<Width128, Vector128<float>>(Steps);
        _sink += value;
    });

    public void Read(int threads) => OnThreads(threads, part =>
    {
        var length = BufferFloats / threads;
        fixed (float* p = _buffer)
        {
            var from = p + ((nint)part * length);
            _sink += Vector512.IsHardwareAccelerated ? Sum<Width512, Vector512<float>>(from, length)
                : Vector256.IsHardwareAccelerated ? Sum<Width256, Vector256<float>>(from, length)
                : Sum<Width128, Vector128<float>>(from, length);
        }
    });

    /// <summary>Two parts must really run on two threads, so each waits until all have begun.</summary>
    private void OnThreads(int threads, Action<int> body)
    {
        if (threads == 1)
        {
            body(0);
            return;
        }

        var begun = 0;
        _pool.Run(threads, part =>
        {
            Interlocked.Increment(ref begun);
            while (Volatile.Read(ref begun) < threads)
                Thread.SpinWait(1);
            body(part);
        });
    }

    // Twelve independent chains hide the latency of 4 cycles at two per cycle, with room, and fit the 16 registers of the older widths.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Chain<TWidth, TVector>(int steps)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var x = TWidth.Broadcast(0.999f);
        var y = TWidth.Broadcast(0.001f);
        TVector a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
        for (; steps > 0; steps--)
        {
            a = TWidth.MultiplyAdd(a, x, y);
            b = TWidth.MultiplyAdd(b, x, y);
            c = TWidth.MultiplyAdd(c, x, y);
            d = TWidth.MultiplyAdd(d, x, y);
            e = TWidth.MultiplyAdd(e, x, y);
            f = TWidth.MultiplyAdd(f, x, y);
            g = TWidth.MultiplyAdd(g, x, y);
            h = TWidth.MultiplyAdd(h, x, y);
            i = TWidth.MultiplyAdd(i, x, y);
            j = TWidth.MultiplyAdd(j, x, y);
            k = TWidth.MultiplyAdd(k, x, y);
            l = TWidth.MultiplyAdd(l, x, y);
        }

        var left = TWidth.Add(TWidth.Add(TWidth.Add(a, b), TWidth.Add(c, d)), TWidth.Add(e, f));
        var right = TWidth.Add(TWidth.Add(TWidth.Add(g, h), TWidth.Add(i, j)), TWidth.Add(k, l));
        return TWidth.Sum(TWidth.Add(left, right));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Sum<TWidth, TVector>(float* p, int length)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var w = TWidth.Count;
        TVector a = TWidth.Zero, b = a, c = a, d = a;
        for (var i = 0; i <= length - (4 * w); i += 4 * w, p += 4 * w)
        {
            a = TWidth.Add(a, TWidth.Load(p));
            b = TWidth.Add(b, TWidth.Load(p + w));
            c = TWidth.Add(c, TWidth.Load(p + (2 * w)));
            d = TWidth.Add(d, TWidth.Load(p + (3 * w)));
        }

        return TWidth.Sum(TWidth.Add(TWidth.Add(a, b), TWidth.Add(c, d)));
    }
}
