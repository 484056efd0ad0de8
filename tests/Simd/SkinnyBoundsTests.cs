// Products whose operands all end in front of an unreadable page: activations, prepared rows, gain, bias, residual, result, and the panels of weights.

using Ditar.Simd;

namespace Ditar.Tests.Simd;

[Trait("Category", "Kernel")]
public unsafe class SkinnyBoundsTests
{
    public static TheoryData<WeightFormat> Formats => new(Enum.GetValues<WeightFormat>());

    [Theory]
    [MemberData(nameof(Formats))]
    public void Nothing_is_read_or_written_beyond_the_operands(WeightFormat format)
    {
        if (!OperatingSystem.IsLinux())
            return;
        foreach (var (rows, inputs, outputs) in new[] { (1, 1, 1), (1, 37, 19), (3, 65, 33), (5, 64, 32), (9, 33, 40), (14, 130, 17), (18, 127, 70), (22, 260, 47) })
        {
            Check(format, rows, inputs, outputs, gated: false);
            Check(format, rows, inputs, outputs, gated: true);
        }
    }

    private static void Check(WeightFormat format, int rows, int inputs, int outputs, bool gated)
    {
        var random = new KernelCase(7);
        using var x = Filled(random, rows * inputs);
        using var gain = Filled(random, inputs);
        using var bias = Filled(random, outputs);
        using var residual = Filled(random, rows * outputs);
        using var y = Filled(random, rows * outputs);
        // Prepared rows start on a cache line, so they end up to 63 bytes in front of the page.
        var bytes = PreparedRows.BytesFor(rows, inputs, format);
        using var prepared = new GuardedMemory((bytes + 63) / 64 * 64);
        var weight = random.Values(outputs * inputs).Single;
        var held = new List<GuardedMemory>();
        NativeBuffer.TestSource = length =>
        {
            held.Add(new GuardedMemory((length + 63) / 64 * 64));
            return (nint)held[^1].Pointer;
        };
        try
        {
            using var matrix = gated ? PackedMatrix.PackGated(outputs, inputs, weight, weight, format) : PackedMatrix.Pack(outputs, inputs, weight, format);
            var rowsPrepared = PreparedRows.MakeNormalized(
                rows, inputs, (float*)x.Pointer, inputs, (float*)gain.Pointer, 1e-5f, format, prepared.Pointer);
            var epilogue = new Epilogue { Residual = (float*)residual.Pointer, ResidualRowStride = outputs, Scale = 0.5f };
            if (!gated)
                epilogue.Bias = (float*)bias.Pointer;
            matrix.Multiply(in rowsPrepared, in epilogue, (float*)y.Pointer, outputs);
            rowsPrepared = PreparedRows.Make(rows, inputs, (float*)x.Pointer, inputs, format, prepared.Pointer);
            matrix.Multiply(in rowsPrepared, default, (float*)y.Pointer, outputs);
        }
        finally
        {
            NativeBuffer.TestSource = null;
            held.ForEach(each => each.Dispose());
        }

        Assert.All(new Span<float>(y.Pointer, rows * outputs).ToArray(), value => Assert.True(float.IsFinite(value)));
    }

    private static GuardedMemory Filled(KernelCase random, int length)
    {
        var memory = new GuardedMemory((nuint)length * sizeof(float));
        random.Values(length).Single.CopyTo(new Span<float>(memory.Pointer, length));
        return memory;
    }
}
