// How golden tests compare: by the parity lab's comparison, every element within a tolerance of the recorded one.

using Ditar.Parity;
using Ditar.Reference;

namespace Ditar.Tests.Reference.Golden;

internal static class Nearness
{
    /// <param name="golden">Recorded, any leading axes of extent 1 dropped.</param>
    public static void AssertNear(string name, Tensor golden, Tensor found, double tolerance)
    {
        Assert.True(golden.Count == found.Count, $"{name}: recorded {golden}, found {found}");
        var difference = Difference.Between(RecordedTensor.Of(name, golden), RecordedTensor.Of(name, found.Reshape(golden.Shape)));
        Assert.True(difference.Fault is null, $"{name}: {difference.Fault}");
        Assert.True(
            difference.MaxAbs <= tolerance,
            $"{name}, at {Difference.Place(golden.Shape, difference.WorstIndex)}: apart {difference.MaxAbs:e2} (relative l2 {difference.RelativeL2:e2}), allowed {tolerance:e2}");
    }
}

public class NearnessTests
{
    [Fact]
    public void TheComparisonItselfCanFail()
    {
        var recorded = Tensor.From([1.0, -2.0, 3.0], 3);
        Nearness.AssertNear("same", recorded, recorded, 0);
        foreach (var bad in new double[][] { [1, 2, 3], [1, -2], [1, -2, double.NaN], [1, -2, 3.1] })
            Assert.ThrowsAny<Exception>(() => Nearness.AssertNear("other", recorded, Tensor.From(bad, bad.Length), 0.01));
        Assert.ThrowsAny<Exception>(() => Nearness.AssertNear("nothing", Tensor.Zeros(ElementType.Float64, 0), Tensor.Zeros(ElementType.Float64, 0), 1));
    }
}
