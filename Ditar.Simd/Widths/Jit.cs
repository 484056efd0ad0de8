// Names for the two requests that the kernels make of the JIT compiler.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

internal static class Jit
{
    /// <summary>For pieces that only make sense inside their caller: the vector operations of a width, operators, tails.</summary>
    public const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>
    /// For loops that are worth compiling once, optimised, at their first call. Unoptimised generic vector code is ~100x slower, and a
    /// short run (one sentence) must not wait for tiering.
    /// </summary>
    public const MethodImplOptions Hot = MethodImplOptions.AggressiveOptimization;
}
