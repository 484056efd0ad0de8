// Which kernels tensor operations run on: one default for the process, and a scope that overrides it on the current thread (tests, parity).

namespace Ditar.Reference.Kernels;

public static class KernelSet
{
    [ThreadStatic]
    private static IKernels? scoped;

    /// <summary>The set used where no scope is open. Ditar.Simd's is installed here by the programs that want speed.</summary>
    public static IKernels Default { get; set; } = new PlainKernels();

    public static IKernels Current => scoped ?? Default;

    /// <summary>Uses <paramref name="kernels"/> on this thread until the returned scope is disposed. Scopes nest.</summary>
    public static Scope Use(IKernels kernels)
    {
        var outer = scoped;
        scoped = kernels;
        return new Scope(outer);
    }

    public readonly struct Scope : IDisposable
    {
        private readonly IKernels? outer;

        internal Scope(IKernels? outer) => this.outer = outer;

        public void Dispose() => scoped = outer;
    }
}
