// The seam's matrix product: batches, shared and overlapping operands, on the strides that the layers use. Gemm itself is tested in GemmTests.

using Ditar.Reference.Kernels;
using static Ditar.Tests.Simd.KernelCase;

namespace Ditar.Tests.Simd;

[Trait("Category", "Kernel")]
public class MatMulTests
{
    public static TheoryData<MatMulShape> Shapes => new()
    {
        new MatMulShape(1, 30, 40, 50, 0, 50, 1, 0, 40, 1, 0, 40, false),
        new MatMulShape(4, 9, 18, 64, 9 * 64, 64, 1, 18 * 64, 1, 64, 9 * 18, 18, false),
        new MatMulShape(4, 9, 18, 64, 9 * 64, 64, 1, 0, 18, 1, 9 * 18, 18, true),
        new MatMulShape(3, 6, 5, 33, 33 * 6, 1, 6, 33 * 5, 5, 1, 40, 7, false),
        new MatMulShape(2, 10, 24, 33, 350, 11, 1, 0, 1, 33, 240, 24, true),
        new MatMulShape(0, 3, 3, 3, 9, 3, 1, 9, 3, 1, 9, 3, false),
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    [EqualityOf(nameof(IKernels.MatMul))]
    public void Products_equal_the_definition(MatMulShape s)
    {
        static int Length(int batch, int rows, int columns, int batchStride, int rowStride, int columnStride) =>
            batch == 0 ? 0 : ((batch - 1) * batchStride) + ((rows - 1) * rowStride) + ((columns - 1) * columnStride) + 1;
        var values = new KernelCase(s.N);
        var (a, wideA) = values.Values(Length(s.Batch, s.M, s.K, s.ABatchStride, s.ARowStride, s.AColumnStride));
        var (b, wideB) = values.Values(Length(s.Batch, s.K, s.N, s.BBatchStride, s.BRowStride, s.BColumnStride));
        var (before, expected) = values.Values(Length(s.Batch, s.M, s.N, s.CBatchStride, s.CRowStride, 1));
        var magnitudes = Magnitudes(expected);
        Definition.MatMul<double>(in s, wideA, wideB, expected);
        Definition.MatMul<double>(in s, Magnitudes(wideA), Magnitudes(wideB), magnitudes);
        var actual = Result(before.Length, c => Fast.MatMul(in s, Odd(a).Span, Odd(b).Span, c.Span), before);
        if (s.Batch > 0)
            Comparer.Equal(expected, actual, i => Tolerances.Sum(s.K, magnitudes[i]), $"{s}");
    }
}
