// What this machine can do at best, measured, so that kernels are judged against it: fused multiply-adds per second from registers, the same
// with operands that come from the first-level cache, and bytes per second read from a buffer larger than any cache.
//
// Two figures for arithmetic because the clock depends on the work: on the server processor where this was written, multiply-adds between
// registers run at 2.5 GHz in short bursts, and at 2.2 GHz as soon as every second one has a load beside it, as in any matrix product.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Ditar.Simd;

namespace Ditar.Bench;

internal sealed unsafe class Peaks
{
    private const int Steps = 200_000;
    private const int Chains = 12;

    // 384 MB. As a matrix [VectorRows, VectorColumns] it also is what the products with a vector read.
    private const int BufferFloats = VectorRows * VectorColumns;

    // The fed loop walks 64 steps of 2 vectors and 6 values again and again: at most 8 + 1.5 KB.
    private const int FedSteps = 64, FedRows = 6;

    public const int VectorRows = 8192, VectorColumns = 12288;

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

    /// <summary>[VectorRows, VectorColumns], all ones.</summary>
    public float[] Buffer => _buffer;

    /// <summary>Multiply-adds count as two operations.</summary>
    public static double FlopPerCall(int threads) => 2.0 * Steps * Chains * (WidthBits / 32) * threads;

    public static double BytesPerCall => (double)BufferFloats * sizeof(float);

    /// <summary>Multiply-adds between registers, in several copies of one loop: where a loop happens to lie must not decide what the peak is.</summary>
    public Action[] Flop(int threads) => [FlopOf<FirstCopy>(threads), FlopOf<SecondCopy>(threads), FlopOf<ThirdCopy>(threads)];

    /// <summary>The same number of multiply-adds with two loads for every three of them, all from the first-level cache.</summary>
    public Action[] FedFlop(int threads) => [FedFlopOf<FirstCopy>(threads), FedFlopOf<SecondCopy>(threads), FedFlopOf<ThirdCopy>(threads)];

    /// <summary>Reads the buffer in several ways. One stream waits for memory's latency; which other way is best differs between machines.</summary>
    public Action[] Read(int threads) =>
        [ReadOf(threads, 1, 256), ReadOf(threads, 4, 0), ReadOf(threads, 8, 0), ReadOf(threads, 8, 256), ReadOf(threads, 16, 0)];

    private Action FlopOf<TCopy>(int threads) => () => OnThreads(threads, _ =>
    {
        var value = Vector512.IsHardwareAccelerated ? Chain<Width512, Vector512<float>, TCopy>(Steps)
            : Vector256.IsHardwareAccelerated ? Chain<Width256, Vector256<float>, TCopy>(Steps)
            : Chain<Width128, Vector128<float>, TCopy>(Steps);
        _sink += value;
    });

    private Action FedFlopOf<TCopy>(int threads) => () => OnThreads(threads, _ =>
    {
        fixed (float* p = _buffer)
        {
            _sink += Vector512.IsHardwareAccelerated ? Fed<Width512, Vector512<float>, TCopy>(Steps, p)
                : Vector256.IsHardwareAccelerated ? Fed<Width256, Vector256<float>, TCopy>(Steps, p)
                : Fed<Width128, Vector128<float>, TCopy>(Steps, p);
        }
    });

    private Action ReadOf(int threads, int streams, int ahead) => () => OnThreads(threads, part =>
    {
        var length = BufferFloats / threads;
        fixed (float* p = _buffer)
        {
            var from = p + ((nint)part * length);
            _sink += Vector512.IsHardwareAccelerated ? Sum<Width512, Vector512<float>>(from, length, streams, ahead)
                : Vector256.IsHardwareAccelerated ? Sum<Width256, Vector256<float>>(from, length, streams, ahead)
                : Sum<Width128, Vector128<float>>(from, length, streams, ahead);
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
    private static float Chain<TWidth, TVector, TCopy>(int steps)
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

    // Six rows by two vectors: twelve chains, two vectors and a value fit 16 registers, and 8 loads go with 12 multiply-adds (6 cycles) at two per cycle.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Fed<TWidth, TVector, TCopy>(int steps, float* start)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var w = TWidth.Count;
        TVector a = TWidth.Zero, b = a, c = a, d = a, e = a, f = a, g = a, h = a, i = a, j = a, k = a, l = a;
        while (steps > 0)
        {
            var x = start;
            var y = start + (FedSteps * FedRows);
            var turn = Math.Min(steps, FedSteps);
            steps -= turn;
            for (; turn > 0; turn--, x += FedRows, y += 2 * w)
            {
                var (left, right) = (TWidth.Load(y), TWidth.Load(y + w));
                var row = TWidth.Broadcast(x[0]);
                a = TWidth.MultiplyAdd(row, left, a);
                b = TWidth.MultiplyAdd(row, right, b);
                row = TWidth.Broadcast(x[1]);
                c = TWidth.MultiplyAdd(row, left, c);
                d = TWidth.MultiplyAdd(row, right, d);
                row = TWidth.Broadcast(x[2]);
                e = TWidth.MultiplyAdd(row, left, e);
                f = TWidth.MultiplyAdd(row, right, f);
                row = TWidth.Broadcast(x[3]);
                g = TWidth.MultiplyAdd(row, left, g);
                h = TWidth.MultiplyAdd(row, right, h);
                row = TWidth.Broadcast(x[4]);
                i = TWidth.MultiplyAdd(row, left, i);
                j = TWidth.MultiplyAdd(row, right, j);
                row = TWidth.Broadcast(x[5]);
                k = TWidth.MultiplyAdd(row, left, k);
                l = TWidth.MultiplyAdd(row, right, l);
            }
        }

        var first = TWidth.Add(TWidth.Add(TWidth.Add(a, b), TWidth.Add(c, d)), TWidth.Add(e, f));
        var second = TWidth.Add(TWidth.Add(TWidth.Add(g, h), TWidth.Add(i, j)), TWidth.Add(k, l));
        return TWidth.Sum(TWidth.Add(first, second));
    }

    // Streams at equal distances take turns, four cache lines each; lines that lie `ahead` further on in the stream are asked for early.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Sum<TWidth, TVector>(float* start, nint length, int streams, int ahead)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        const int Line = 16;
        var w = TWidth.Count;
        TVector a = TWidth.Zero, b = a, c = a, d = a;
        var distance = length / streams;
        for (nint i = 0; i < distance; i += 4 * Line)
        {
            var p = start + i;
            for (var stream = 0; stream < streams; stream++, p += distance)
            {
                for (var line = 0; line < 4 && ahead > 0; line++)
                    Cache.PrefetchNear(p + ahead + (line * Line));
                for (var j = 0; j < 4 * Line; j += 4 * w)
                {
                    a = TWidth.Add(a, TWidth.Load(p + j));
                    b = TWidth.Add(b, TWidth.Load(p + j + w));
                    c = TWidth.Add(c, TWidth.Load(p + j + (2 * w)));
                    d = TWidth.Add(d, TWidth.Load(p + j + (3 * w)));
                }
            }
        }

        return TWidth.Sum(TWidth.Add(TWidth.Add(a, b), TWidth.Add(c, d)));
    }

    // Type arguments that make the compiler emit a loop again, at another address.
    private readonly struct FirstCopy;

    private readonly struct SecondCopy;

    private readonly struct ThirdCopy;
}
