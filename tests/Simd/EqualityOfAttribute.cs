// Marks the equality test of a kernel, so that one test can find the kernels that have none.

using System.Reflection;
using Ditar.Reference.Kernels;
using Ditar.Simd;

namespace Ditar.Tests.Simd;

[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class EqualityOfAttribute(string method) : Attribute
{
    public string Method { get; } = method;
}

[Trait("Category", "Kernel")]
public class SeamTests
{
    private static IEnumerable<MethodInfo> Kernels => typeof(IKernels).GetMethods().Where(method => !method.IsSpecialName);

    [Fact]
    public void Every_kernel_of_the_seam_has_an_equality_test()
    {
        var tested = typeof(SeamTests).Assembly.GetTypes().SelectMany(type => type.GetMethods())
            .Where(method => method.GetCustomAttributes<FactAttribute>(inherit: true).Any())
            .SelectMany(method => method.GetCustomAttributes<EqualityOfAttribute>().Select(mark => mark.Method)).ToHashSet();
        Assert.NotEmpty(Kernels);
        Assert.Empty(Kernels.Select(kernel => kernel.Name).Except(tested));
        Assert.Empty(tested.Except(Kernels.Select(kernel => kernel.Name)));
    }

    [Fact]
    public void Every_kernel_of_the_seam_has_a_fast_form()
    {
        var fast = typeof(SimdKernels).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly).Select(m => m.Name);
        Assert.Empty(Kernels.Select(kernel => kernel.Name).Except(fast));
    }
}
