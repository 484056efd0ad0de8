// A job in parts, each at the machine's vector width: what the codec's layers hand to the worker pool. Parts write disjoint outputs, each computed the
// same way whatever the split, so results do not depend on the number of threads.

using System.Runtime.Intrinsics;

namespace Ditar.Simd;

internal interface IVectorParts
{
    void Run<TWidth, TVector>(int part)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged;
}

internal static class VectorParts
{
    // Below this many multiply-adds (some 3 microseconds) a part is not worth waking a thread for.
    private const long LeastWork = 1 << 18;

    /// <summary>How many parts a job of so many multiply-adds should have.</summary>
    public static int Count(WorkerPool? pool, long work) => (int)Math.Clamp(work / LeastWork, 1, pool?.Size ?? 1);

    public static void Run<TWork>(WorkerPool? pool, int parts, TWork work)
        where TWork : struct, IVectorParts
    {
        if (parts == 1)
            new Job<TWork>(work).Invoke(0);
        else
            pool!.Run(parts, new Job<TWork>(work));
    }

    private readonly struct Job<TWork>(TWork work) : IParallelWork
        where TWork : struct, IVectorParts
    {
        public void Invoke(int part)
        {
            if (Vector512.IsHardwareAccelerated)
                work.Run<Width512, Vector512<float>>(part);
            else if (Vector256.IsHardwareAccelerated)
                work.Run<Width256, Vector256<float>>(part);
            else
                work.Run<Width128, Vector128<float>>(part);
        }
    }
}
