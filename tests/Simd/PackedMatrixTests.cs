// Packing: bfloat16 bits survive, integers that were rounded ahead give the same product as rounding at load, sums of integers are exact, memory is
// counted and freed, and what cannot be packed is refused.

using Ditar.Simd;
using FsCheck;
using FsCheck.Fluent;

namespace Ditar.Tests.Simd;

[Trait("Category", "Kernel")]
public class PackedMatrixTests
{
    private delegate PackedMatrix Packer();

    [Fact]
    public void Every_bfloat16_number_is_kept_bit_by_bit()
    {
        for (var bits = 0; bits <= ushort.MaxValue; bits++)
            Assert.Equal(bits, BFloat16Bits.FromSingle(BFloat16Bits.ToSingle((ushort)bits)));
    }

    [Theory]
    [InlineData(0x3F80_8000u, 0x3F80)] // a tie goes to the even neighbour, down
    [InlineData(0x3F81_8000u, 0x3F82)] // and up
    [InlineData(0x3F80_8001u, 0x3F81)]
    [InlineData(0x3F80_7FFFu, 0x3F80)]
    [InlineData(0x7F7F_FFFFu, 0x7F80)] // the largest float32 is nearer to 2^128 than to the largest bfloat16
    [InlineData(0x7F80_0001u, 0x7F81)] // a NaN with nothing in its upper half stays NaN
    [InlineData(0xFFFF_FFFFu, 0xFFFF)]
    [InlineData(0x0000_8001u, 0x0001)]
    public void Rounding_to_bfloat16_is_to_nearest_even(uint single, int expected) =>
        Assert.Equal(expected, BFloat16Bits.FromSingle(BitConverter.UInt32BitsToSingle(single)));

    [Theory]
    [InlineData(WeightFormat.Float32)]
    [InlineData(WeightFormat.BFloat16)]
    [InlineData(WeightFormat.Int8)]
    [InlineData(WeightFormat.Int4)]
    public void A_bfloat16_source_gives_what_its_numbers_give(WeightFormat format)
    {
        var (numbers, bits) = BFloat16Values(37 * 70, 1);
        var (ups, upBits) = BFloat16Values(37 * 70, 2);
        AssertSameProducts(70, () => PackedMatrix.Pack(37, 70, numbers, format), () => PackedMatrix.Pack(37, 70, bits, format));
        AssertSameProducts(70, () => PackedMatrix.PackGated(37, 70, numbers, ups, format), () => PackedMatrix.PackGated(37, 70, bits, upBits, format));
        if (format == WeightFormat.BFloat16)
            AssertSameProducts(70, () => PackedMatrix.Pack(37, 70, numbers, WeightFormat.Float32), () => PackedMatrix.Pack(37, 70, bits, format));
    }

    [Fact]
    public void Rounding_ahead_to_int8_gives_what_rounding_at_load_gives()
    {
        const int Outputs = 37, Inputs = 71;
        var (weight, up) = (new KernelCase(1).Values(Outputs * Inputs).Single, new KernelCase(2).Values(Outputs * Inputs).Single);
        var (integers, scales) = RoundToInt8(weight, Outputs, Inputs);
        var (upIntegers, upScales) = RoundToInt8(up, Outputs, Inputs);
        AssertSameProducts(
            Inputs, () => PackedMatrix.Pack(Outputs, Inputs, weight, WeightFormat.Int8), () => PackedMatrix.PackInt8(Outputs, Inputs, integers, scales));
        AssertSameProducts(
            Inputs, () => PackedMatrix.PackGated(Outputs, Inputs, weight, up, WeightFormat.Int8),
            () => PackedMatrix.PackGatedInt8(Outputs, Inputs, integers, scales, upIntegers, upScales));
    }

    [Theory]
    [InlineData(32)]
    [InlineData(64)]
    public void Rounding_ahead_to_int4_gives_what_rounding_at_load_gives(int group)
    {
        const int Outputs = 37, Inputs = 71;
        var (weight, up) = (new KernelCase(1).Values(Outputs * Inputs).Single, new KernelCase(2).Values(Outputs * Inputs).Single);
        var (nibbles, scales) = RoundToInt4(weight, Outputs, Inputs, group);
        var (upNibbles, upScales) = RoundToInt4(up, Outputs, Inputs, group);
        AssertSameProducts(
            Inputs, () => PackedMatrix.Pack(Outputs, Inputs, weight, WeightFormat.Int4, null, group),
            () => PackedMatrix.PackInt4(Outputs, Inputs, nibbles, scales, group), group);
        AssertSameProducts(
            Inputs, () => PackedMatrix.PackGated(Outputs, Inputs, weight, up, WeightFormat.Int4, null, group),
            () => PackedMatrix.PackGatedInt4(Outputs, Inputs, nibbles, scales, upNibbles, upScales, group), group);
    }

    [Fact]
    public void Sums_of_integers_are_exact()
    {
        // Rows whose largest magnitude is 127 have the scale 1, and 127 * 127 * 1000 is below 2^24: float32 holds every result exactly.
        var cases = from rows in Gen.Choose(1, 20)
                    from inputs in Gen.OneOf(Gen.Choose(1, 40), Gen.Choose(1, 1000))
                    from outputs in Gen.Choose(1, 40)
                    from nibbles in Gen.Elements(true, false)
                    from perScale in Gen.Elements(32, 64)
                    from seed in Gen.Choose(0, 1_000_000)
                    select (rows, inputs, outputs, nibbles, perScale, seed);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(100).WithReplay(71, 73), Prop.ForAll(cases.ToArbitrary(), one =>
        {
            CheckExact(one.rows, one.inputs, one.outputs, one.nibbles, one.perScale, new Random(one.seed), extremes: one.seed % 5 == 0);
        }));
    }

    [Fact]
    public void Rounded_weights_are_within_half_a_step()
    {
        var cases = from length in Gen.Choose(0, 200)
                    from scale in Gen.Elements(1e-30, 1e-3, 1.0, 1e20)
                    from seed in Gen.Choose(0, 1_000_000)
                    select (length, scale, seed);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(200).WithReplay(81, 83), Prop.ForAll(cases.ToArbitrary(), one =>
        {
            var row = new KernelCase(one.seed).Values(one.length, one.scale).Single;
            var integers = new sbyte[one.length];
            var scale = WeightQuantizer.ToInt8(row, integers);
            for (var i = 0; i < one.length; i++)
                Assert.InRange(Math.Abs(row[i] - ((double)integers[i] * scale)), 0, scale * (0.5 + (512 * Tolerances.U)));
            var scales = new float[(one.length + 31) / 32];
            WeightQuantizer.ToInt4(row, 32, integers, scales);
            for (var i = 0; i < one.length; i++)
            {
                // One value may lie a whole step beyond 7; all others are within half a step.
                Assert.InRange(integers[i], -8, 7);
                var step = Math.Abs(scales[i / 32]);
                Assert.InRange(Math.Abs(row[i] - ((double)integers[i] * scales[i / 32])), 0, step * (integers[i] == 7 ? 1.001 : 0.501));
            }
        }));
    }

    [Fact]
    public void Weights_that_are_not_finite_make_their_outputs_NaN_and_zeros_make_zeros()
    {
        var integers = new sbyte[40];
        var scales = new float[2];
        var row = new float[40];
        Assert.Equal(0, WeightQuantizer.ToInt8(row, integers));
        WeightQuantizer.ToInt4(row, 32, integers, scales);
        Assert.Equal([0, 0], scales);
        row[35] = float.NegativeInfinity;
        row[3] = float.Epsilon;
        Assert.True(float.IsNaN(WeightQuantizer.ToInt8(row, integers)));
        WeightQuantizer.ToInt4(row, 32, integers, scales);
        Assert.False(float.IsNaN(scales[0]));
        Assert.True(float.IsNaN(scales[1]));
    }

    [Fact]
    public void Memory_is_counted_and_freed()
    {
        var matrix = PackedMatrix.Pack(1000, 1024, new float[1000 * 1024], WeightFormat.Int8);
        Assert.InRange(matrix.Bytes, 1000 * 1024, 1100 * 1024);
        Assert.True(NativeBuffer.BytesInUse >= matrix.Bytes);
        matrix.Dispose();
        matrix.Dispose();
    }

    [Fact]
    public void What_cannot_be_packed_is_refused()
    {
        Assert.Throws<ArgumentException>("weight", () => PackedMatrix.Pack(2, 3, new float[5], WeightFormat.Float32));
        Assert.Throws<ArgumentException>("weight", () => PackedMatrix.Pack(-2, -3, new float[6], WeightFormat.Float32));
        Assert.Throws<ArgumentException>("up", () => PackedMatrix.PackGated(2, 3, new float[6], new float[7], WeightFormat.Float32));
        Assert.Throws<ArgumentException>("scales", () => PackedMatrix.PackInt8(2, 3, new sbyte[6], new float[3]));
        Assert.Throws<ArgumentException>("nibbles", () => PackedMatrix.PackInt4(2, 3, new byte[3], new float[2]));
        Assert.Throws<ArgumentOutOfRangeException>("group", () => PackedMatrix.Pack(2, 3, new float[6], WeightFormat.Int4, null, 16));
        Assert.Throws<ArgumentOutOfRangeException>("inputs", () => PackedMatrix.Pack(0, 65537, Array.Empty<float>(), WeightFormat.Int8));
        Assert.Throws<ArgumentOutOfRangeException>("format", () => PackedMatrix.Pack(0, 1, Array.Empty<float>(), (WeightFormat)9));
    }

    private static unsafe void CheckExact(int rows, int inputs, int outputs, bool nibbles, int group, Random random, bool extremes)
    {
        int Any(int least, int most) => extremes ? (random.Next(2) == 0 ? least : most) : random.Next(least, most + 1);
        var (least, most) = nibbles ? (-8, 7) : (-127, 127);
        var weight = new int[outputs * inputs];
        var x = new float[rows * inputs];
        for (var i = 0; i < weight.Length; i++)
            weight[i] = Any(least, most);
        for (var i = 0; i < x.Length; i++)
            x[i] = i % inputs == 0 ? 127 : Any(-127, 127);
        var format = nibbles ? WeightFormat.Int4 : WeightFormat.Int8;
        var groups = (inputs + group - 1) / group;

        // Powers of two as scales keep everything exact, and show whether each group and column meets its own.
        var scales = new float[outputs * (nibbles ? groups : 1)];
        for (var i = 0; i < scales.Length; i++)
            scales[i] = 1 << random.Next(2);
        using var matrix = nibbles ? PackedMatrix.PackInt4(outputs, inputs, Nibbles(weight, outputs, inputs), scales, group)
            : PackedMatrix.PackInt8(outputs, inputs, Array.ConvertAll(weight, w => (sbyte)w), scales);
        using var memory = new NativeBuffer(PreparedRows.BytesFor(rows, inputs, format, group));
        var y = new float[rows * outputs];
        fixed (float* px = x, py = y)
            matrix.Multiply(PreparedRows.Make(rows, inputs, px, inputs, format, memory.Pointer, null, group), default, py, outputs);
        for (var i = 0; i < y.Length; i++)
        {
            var (row, output) = Math.DivRem(i, outputs);
            var sum = 0L;
            for (var p = 0; p < inputs; p++)
                sum += (long)x[(row * inputs) + p] * weight[(output * inputs) + p] * (long)scales[nibbles ? (output * groups) + (p / group) : output];
            Assert.True(sum == y[i], $"[{row}, {output}] of {rows} x {inputs} x {outputs}, {format}: {y[i]} where {sum} is exact");
        }
    }

    private static unsafe void AssertSameProducts(int inputs, Packer first, Packer second, int group = PackedMatrix.DefaultGroup)
    {
        using var left = first();
        using var right = second();
        const int Rows = 3;
        var x = new KernelCase(8).Values(Rows * inputs).Single;
        using var memory = new NativeBuffer(PreparedRows.BytesFor(Rows, inputs, WeightFormat.Float32) + 4096);
        var results = new[] { left, right }.Select(matrix =>
        {
            var y = new float[Rows * matrix.Outputs];
            fixed (float* px = x, py = y)
                matrix.Multiply(PreparedRows.Make(Rows, inputs, px, inputs, matrix.Format, memory.Pointer, null, group), default, py, matrix.Outputs);
            return y;
        }).ToArray();
        Assert.Equal(results[0], results[1]);
        Assert.Contains(results[0], value => value != 0);
    }

    private static (float[] Numbers, ushort[] Bits) BFloat16Values(int length, int seed)
    {
        var bits = Array.ConvertAll(new KernelCase(seed).Values(length).Single, BFloat16Bits.FromSingle);
        return (Array.ConvertAll(bits, BFloat16Bits.ToSingle), bits);
    }

    private static (sbyte[] Integers, float[] Scales) RoundToInt8(float[] weight, int outputs, int inputs)
    {
        var (integers, scales) = (new sbyte[weight.Length], new float[outputs]);
        for (var i = 0; i < outputs; i++)
            scales[i] = WeightQuantizer.ToInt8(weight.AsSpan(i * inputs, inputs), integers.AsSpan(i * inputs, inputs));
        return (integers, scales);
    }

    private static (byte[] Nibbles, float[] Scales) RoundToInt4(float[] weight, int outputs, int inputs, int group)
    {
        var groups = (inputs + group - 1) / group;
        var (integers, scales) = (new sbyte[weight.Length], new float[outputs * groups]);
        for (var i = 0; i < outputs; i++)
            WeightQuantizer.ToInt4(weight.AsSpan(i * inputs, inputs), group, integers.AsSpan(i * inputs, inputs), scales.AsSpan(i * groups, groups));
        return (Nibbles(Array.ConvertAll(integers, integer => (int)integer), outputs, inputs), scales);
    }

    private static byte[] Nibbles(int[] weight, int outputs, int inputs)
    {
        var bytes = new byte[outputs * ((inputs + 1) / 2)];
        for (var i = 0; i < weight.Length; i++)
        {
            var (row, column) = Math.DivRem(i, inputs);
            bytes[(row * ((inputs + 1) / 2)) + (column / 2)] |= (byte)((weight[i] & 0xF) << (column % 2 * 4));
        }

        return bytes;
    }
}
