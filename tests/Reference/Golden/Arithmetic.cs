// The number types and kernel sets under which the golden tests run.

using Ditar.Reference;
using Ditar.Reference.Kernels;
using Ditar.Simd;

namespace Ditar.Tests.Reference.Golden;

public enum Arithmetic
{
    Float64,
    Float32,
    Float32Simd,
}

internal static class ArithmeticExtensions
{
    public static ElementType Type(this Arithmetic arithmetic) => arithmetic == Arithmetic.Float64 ? ElementType.Float64 : ElementType.Float32;

    public static KernelSet.Scope Use(this Arithmetic arithmetic) => KernelSet.Use(arithmetic == Arithmetic.Float32Simd ? new SimdKernels() : new PlainKernels());
}
