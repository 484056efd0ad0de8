// Rows as products read them: the same bytes however the work is shared out, the rounding that the definition has, and nothing hidden where a value is not finite.

using Ditar.Simd;

namespace Ditar.Tests.Simd;

[Trait("Category", "Kernel")]
public unsafe class RowPreparationTests
{
    // Few rows are shared out by inputs, many by blocks of rows; with a norm and without.
    [Theory]
    [InlineData(1, 70000, false)]
    [InlineData(18, 4099, false)]
    [InlineData(18, 4096, true)]
    [InlineData(131, 1030, false)]
    [InlineData(131, 1030, true)]
    public void Threads_do_not_change_a_bit(int rows, int inputs, bool norm)
    {
        foreach (var format in Enum.GetValues<WeightFormat>())
        {
            var size = PanelShape.IsInteger(format) ? Math.Min(inputs, PanelShape.MostIntegerInputs) : inputs;
            var (x, gain) = (Values(rows * size), Values(size));
            var alone = Prepared(x, norm ? gain : null, rows, size, format, null);
            foreach (var threads in new[] { 2, 3 })
            {
                using var pool = new WorkerPool(threads);
                Assert.Equal(alone, Prepared(x, norm ? gain : null, rows, size, format, pool));
            }
        }
    }

    [Fact]
    public void Integers_are_the_values_over_their_scale_rounded_to_even()
    {
        // One row: words are the row's bytes in order. 127 is the largest, so the scale is 1.
        float[] x = [127, 0.5f, 1.5f, -0.5f, -2.5f, 126.49f, -127, 3, -3.51f];
        sbyte[] expected = [127, 0, 2, 0, -2, 126, -127, 3, -4];
        var prepared = Prepared(x, null, 1, x.Length, WeightFormat.Int8, null);
        Assert.Equal(1f, BitConverter.ToSingle(prepared));
        var words = prepared.AsSpan(NativeBuffer.Alignment);
        for (var i = 0; i < expected.Length; i++)
        {
            var at = IntegerForms.WordsPerStep == 1 ? i : (i / 4 * 8) + (i % 2 * 4) + (i % 4 / 2 * 2);
            Assert.Equal(expected[i], (sbyte)(words[at] ^ (IntegerForms.Unsigned ? 0x80 : 0)));
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void A_row_with_a_value_that_is_not_finite_has_no_scale_on_any_number_of_threads(float value)
    {
        const int Rows = 9, Inputs = 8192;
        var x = Values(Rows * Inputs);
        x[(4 * Inputs) + 5000] = value;
        using var pool = new WorkerPool(2);
        foreach (var each in new[] { null, pool })
        {
            var prepared = Prepared(x, null, Rows, Inputs, WeightFormat.Int8, each);
            for (var row = 0; row < Rows; row++)
                Assert.Equal(row == 4, float.IsNaN(BitConverter.ToSingle(prepared, row * sizeof(float))));
        }
    }

    private static float[] Values(int count) => new KernelCase(7).Values(count).Item1;

    private static byte[] Prepared(float[] x, float[]? gain, int rows, int inputs, WeightFormat format, WorkerPool? pool)
    {
        using var memory = new NativeBuffer(PreparedRows.BytesFor(rows, inputs, format));
        new Span<byte>(memory.Pointer, (int)memory.Bytes).Clear();
        fixed (float* values = x, gains = gain)
            PreparedRows.MakeNormalized(rows, inputs, values, inputs, gains, 1e-5f, format, memory.Pointer, pool);
        return new Span<byte>(memory.Pointer, (int)memory.Bytes).ToArray();
    }
}
