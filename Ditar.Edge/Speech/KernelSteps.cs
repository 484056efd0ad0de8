// Kernels are chosen per thread, and a lazy sequence may be continued on another one: they are set around each step, not around the loop.

using Ditar.Reference.Kernels;

namespace Ditar.Edge;

internal static class KernelSteps
{
    public static IEnumerable<T> OnKernels<T>(this IEnumerable<T> sequence, IKernels kernels)
    {
        using var steps = sequence.GetEnumerator();
        while (true)
        {
            using (KernelSet.Use(kernels))
            {
                if (!steps.MoveNext()) yield break;
            }

            yield return steps.Current;
        }
    }
}
