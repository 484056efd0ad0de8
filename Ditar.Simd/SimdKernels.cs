// The fast float32 set for the kernel seam: checks the spans, fixes them and starts the kernel. Double, and whatever is not overridden,
// runs on the plain definitions that the class derives from. Rows and sequences are in the other part.
// One thread per call: training runs one replica per core. A pool can be given for single-stream use; only products use it.

using System.Numerics;
using System.Runtime.InteropServices;
using Ditar.Reference.Kernels;

namespace Ditar.Simd;

/// <summary>Kernels on 512-, 256- or 128-bit vectors. Thread-safe; the pool, if any, does not change results.</summary>
/// <param name="pool">Threads for large products, null for the calling thread alone.</param>
public sealed unsafe partial class SimdKernels(WorkerPool? pool = null) : PlainKernels
{
    public override string Name => "simd";

    public override void MatMul<T>(in MatMulShape s, ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> c)
    {
        if (typeof(T) != typeof(float))
        {
            base.MatMul(in s, a, b, c);
            return;
        }

        Gemm.MultiplyBatched(
            s.Batch, s.M, s.N, s.K, Floats(a), s.ABatchStride, s.ARowStride, s.AColumnStride, Floats(b), s.BBatchStride, s.BRowStride, s.BColumnStride,
            Floats(c), s.CBatchStride, s.CRowStride, s.Accumulate, pool);
    }

    public override void Unary<T>(UnaryOperation operation, ReadOnlySpan<T> x, Span<T> y)
    {
        if (typeof(T) != typeof(float))
        {
            base.Unary(operation, x, y);
            return;
        }

        Need(y.Length, x.Length, nameof(y));
        fixed (float* px = Floats(x), py = Floats(y))
        {
            switch (operation)
            {
                case UnaryOperation.Negate:
                    Vectors.Run(new UnaryWork<NegateOperator>(x.Length, px, py));
                    break;
                case UnaryOperation.Abs:
                    Vectors.Run(new UnaryWork<AbsOperator>(x.Length, px, py));
                    break;
                case UnaryOperation.Square:
                    Vectors.Run(new UnaryWork<SquareOperator>(x.Length, px, py));
                    break;
                case UnaryOperation.Sqrt:
                    Vectors.Run(new UnaryWork<SqrtOperator>(x.Length, px, py));
                    break;
                case UnaryOperation.ReciprocalSqrt:
                    Vectors.Run(new UnaryWork<ReciprocalSqrtOperator>(x.Length, px, py));
                    break;
                case UnaryOperation.Reciprocal:
                    Vectors.Run(new UnaryWork<ReciprocalOperator>(x.Length, px, py));
                    break;
                case UnaryOperation.Exp:
                    Vectors.Run(new UnaryWork<ExpOperator>(x.Length, px, py));
                    break;
                case UnaryOperation.Log:
                    Vectors.Run(new UnaryWork<LogOperator>(x.Length, px, py));
                    break;
                case UnaryOperation.Sin:
                    Vectors.Run(new UnaryWork<SinOperator>(x.Length, px, py));
                    break;
                case UnaryOperation.Cos:
                    Vectors.Run(new UnaryWork<CosOperator>(x.Length, px, py));
                    break;
                case UnaryOperation.Tanh:
                    Vectors.Run(new UnaryWork<TanhOperator>(x.Length, px, py));
                    break;
                case UnaryOperation.Sigmoid:
                    Vectors.Run(new UnaryWork<SigmoidOperator>(x.Length, px, py));
                    break;
                case UnaryOperation.Softplus:
                    Vectors.Run(new UnaryWork<SoftplusOperator>(x.Length, px, py));
                    break;
                case UnaryOperation.Silu:
                    Vectors.Run(new UnaryWork<SiluOperator>(x.Length, px, py));
                    break;
                case UnaryOperation.Gelu:
                    Vectors.Run(new UnaryWork<GeluOperator>(x.Length, px, py));
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(operation), operation, null);
            }
        }
    }

    public override void UnaryGradient<T>(UnaryOperation operation, ReadOnlySpan<T> x, ReadOnlySpan<T> y, ReadOnlySpan<T> dy, Span<T> dx)
    {
        if (typeof(T) != typeof(float))
        {
            base.UnaryGradient(operation, x, y, dy, dx);
            return;
        }

        Need(y.Length, x.Length, nameof(y));
        Need(dy.Length, x.Length, nameof(dy));
        Need(dx.Length, x.Length, nameof(dx));
        fixed (float* px = Floats(x), py = Floats(y), pdy = Floats(dy), pdx = Floats(dx))
        {
            switch (operation)
            {
                case UnaryOperation.Negate:
                    Vectors.Run(new GradientWork<NegateOperator>(x.Length, px, py, pdy, pdx));
                    break;
                case UnaryOperation.Abs:
                    Vectors.Run(new GradientWork<AbsOperator>(x.Length, px, py, pdy, pdx));
                    break;
                case UnaryOperation.Square:
                    Vectors.Run(new GradientWork<SquareOperator>(x.Length, px, py, pdy, pdx));
                    break;
                case UnaryOperation.Sqrt:
                    Vectors.Run(new GradientWork<SqrtOperator>(x.Length, px, py, pdy, pdx));
                    break;
                case UnaryOperation.ReciprocalSqrt:
                    Vectors.Run(new GradientWork<ReciprocalSqrtOperator>(x.Length, px, py, pdy, pdx));
                    break;
                case UnaryOperation.Reciprocal:
                    Vectors.Run(new GradientWork<ReciprocalOperator>(x.Length, px, py, pdy, pdx));
                    break;
                case UnaryOperation.Exp:
                    Vectors.Run(new GradientWork<ExpOperator>(x.Length, px, py, pdy, pdx));
                    break;
                case UnaryOperation.Log:
                    Vectors.Run(new GradientWork<LogOperator>(x.Length, px, py, pdy, pdx));
                    break;
                case UnaryOperation.Sin:
                    Vectors.Run(new GradientWork<SinOperator>(x.Length, px, py, pdy, pdx));
                    break;
                case UnaryOperation.Cos:
                    Vectors.Run(new GradientWork<CosOperator>(x.Length, px, py, pdy, pdx));
                    break;
                case UnaryOperation.Tanh:
                    Vectors.Run(new GradientWork<TanhOperator>(x.Length, px, py, pdy, pdx));
                    break;
                case UnaryOperation.Sigmoid:
                    Vectors.Run(new GradientWork<SigmoidOperator>(x.Length, px, py, pdy, pdx));
                    break;
                case UnaryOperation.Softplus:
                    Vectors.Run(new GradientWork<SoftplusOperator>(x.Length, px, py, pdy, pdx));
                    break;
                case UnaryOperation.Silu:
                    Vectors.Run(new GradientWork<SiluOperator>(x.Length, px, py, pdy, pdx));
                    break;
                case UnaryOperation.Gelu:
                    Vectors.Run(new GradientWork<GeluOperator>(x.Length, px, py, pdy, pdx));
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(operation), operation, null);
            }
        }
    }

    public override void Binary<T>(BinaryOperation operation, in BroadcastShape s, ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> y)
    {
        if (typeof(T) != typeof(float))
        {
            base.Binary(operation, in s, a, b, y);
            return;
        }

        if (s.Outer == 0 || s.Inner == 0)
            return;
        Need(a.Length, ((s.Outer - 1) * (long)s.AOuter) + ((s.Inner - 1) * (long)s.AInner) + 1, nameof(a));
        Need(b.Length, ((s.Outer - 1) * (long)s.BOuter) + ((s.Inner - 1) * (long)s.BInner) + 1, nameof(b));
        Need(y.Length, (long)s.Outer * s.Inner, nameof(y));
        fixed (float* pa = Floats(a), pb = Floats(b), py = Floats(y))
        {
            switch (operation)
            {
                case BinaryOperation.Add:
                    Vectors.Run(new BinaryWork<AddOperator>(s.Outer, s.Inner, pa, s.AOuter, s.AInner == 0, pb, s.BOuter, s.BInner == 0, py));
                    break;
                case BinaryOperation.Subtract:
                    Vectors.Run(new BinaryWork<SubtractOperator>(s.Outer, s.Inner, pa, s.AOuter, s.AInner == 0, pb, s.BOuter, s.BInner == 0, py));
                    break;
                case BinaryOperation.Multiply:
                    Vectors.Run(new BinaryWork<MultiplyOperator>(s.Outer, s.Inner, pa, s.AOuter, s.AInner == 0, pb, s.BOuter, s.BInner == 0, py));
                    break;
                case BinaryOperation.Divide:
                    Vectors.Run(new BinaryWork<DivideOperator>(s.Outer, s.Inner, pa, s.AOuter, s.AInner == 0, pb, s.BOuter, s.BInner == 0, py));
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(operation), operation, null);
            }
        }
    }

    public override void AddScaled<T>(ReadOnlySpan<T> x, T scale, Span<T> y)
    {
        if (typeof(T) != typeof(float))
        {
            base.AddScaled(x, scale, y);
            return;
        }

        Need(y.Length, x.Length, nameof(y));
        fixed (float* px = Floats(x), py = Floats(y))
            Vectors.Run(new AddScaledWork(x.Length, px, float.CreateTruncating(scale), py));
    }

    public override void Sum<T>(int outer, int count, int inner, ReadOnlySpan<T> x, Span<T> y)
    {
        if (typeof(T) != typeof(float))
        {
            base.Sum(outer, count, inner, x, y);
            return;
        }

        Need(x.Length, (long)outer * count * inner, nameof(x));
        Need(y.Length, (long)outer * inner, nameof(y));
        fixed (float* px = Floats(x), py = Floats(y))
        {
            if (inner == 1)
                Vectors.Run(new SumWork(outer, count, px, py));
            else
                Vectors.Run(new SumRowsWork(outer, count, inner, px, py));
        }
    }

    private static ReadOnlySpan<float> Floats<T>(ReadOnlySpan<T> values)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => MemoryMarshal.Cast<T, float>(values);

    private static Span<float> Floats<T>(Span<T> values)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => MemoryMarshal.Cast<T, float>(values);

    // Kernels work on pointers: a short span must fail here.
    private static void Need(int length, long needed, string name)
    {
        if (length < needed)
            throw new ArgumentException($"{name} has {length} elements, the shape needs {needed}.", name);
    }
}
