// Kernel tests run again at other widths in processes started with DOTNET_EnableAVX512=0 and so on; a switch that does nothing would make
// those runs worthless, so they say which width they mean to test.

using System.Runtime.Intrinsics;

namespace Ditar.Tests.Simd;

[Trait("Category", "Kernel")]
public class WidthTests
{
    [Fact]
    public void The_process_has_the_vector_width_that_DITAR_TEST_WIDTH_names()
    {
        var width = Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;
        var wanted = Environment.GetEnvironmentVariable("DITAR_TEST_WIDTH");
        Assert.Equal(wanted ?? $"{width}", $"{width}");
    }
}
