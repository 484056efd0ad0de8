// Products with packed weights against the definition in float64, in every format, over random shapes and options; that the number of threads
// and the rows beside a row change no bit; and that nothing is allocated.

using Ditar.Simd;
using FsCheck;
using FsCheck.Fluent;

namespace Ditar.Tests.Simd;

[Trait("Category", "Kernel")]
public class SkinnyTests
{
    public static TheoryData<WeightFormat> Formats => new(Enum.GetValues<WeightFormat>());

    [Theory]
    [MemberData(nameof(Formats))]
    public void Products_equal_the_definition(WeightFormat format)
    {
        using var pool = new WorkerPool(3);
        var cases = from rows in Gen.Choose(0, 33)
                    from inputs in Gen.OneOf(Gen.Choose(0, 70), Gen.Choose(60, 600))
                    from outputs in Gen.OneOf(Gen.Choose(0, 70), Gen.Choose(60, 200))
                    from gated in Gen.Elements(true, false)
                    from activation in Gen.Elements(Enum.GetValues<Activation>())
                    from bias in Gen.Elements(true, false)
                    from residual in Gen.Elements(true, false)
                    from norm in Gen.Elements(true, false)
                    from fewGroups in Gen.Elements(true, false)
                    from seed in Gen.Choose(0, 1_000_000)
                    select new SkinnyCase(
                        rows, inputs, outputs, format, gated, gated ? Activation.None : activation, bias && !gated, residual, norm, fewGroups ? 64 : 32, seed);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(60).WithReplay(61, 63), Prop.ForAll(cases.ToArbitrary(), one =>
        {
            one.Check(one.Seed % 2 == 0 ? pool : null);
        }));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Every_number_of_rows_equals_the_definition(WeightFormat format)
    {
        for (var rows = 1; rows <= 32; rows++)
            new SkinnyCase(rows, 96, 100, format, rows % 2 == 0, Activation.None, false, false, false, 32, rows).Check(null);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Threads_do_not_change_a_bit(WeightFormat format)
    {
        var one = new SkinnyCase(18, 700, 1100, format, false, Activation.Gelu, true, true, true, 32, 5);
        var gated = one with { Gated = true, Activation = Activation.None, Bias = false };
        var (alone, gatedAlone) = (one.Check(null), gated.Check(null));
        for (var threads = 1; threads <= 4; threads++)
        {
            using var pool = new WorkerPool(threads);
            Assert.Equal(alone, one.Check(pool));
            Assert.Equal(gatedAlone, gated.Check(pool));
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public unsafe void A_row_does_not_depend_on_the_rows_beside_it(WeightFormat format)
    {
        const int Rows = 29, Inputs = 333, Outputs = 65;
        var random = new KernelCase(9);
        var (x, weight) = (random.Values(Rows * Inputs).Single, random.Values(Outputs * Inputs).Single);
        using var matrix = PackedMatrix.Pack(Outputs, Inputs, weight, format);
        using var memory = new NativeBuffer(PreparedRows.BytesFor(Rows, Inputs, format));
        var together = new float[Rows * Outputs];
        var alone = new float[Rows * Outputs];
        fixed (float* px = x, all = together, single = alone)
        {
            matrix.Multiply(PreparedRows.Make(Rows, Inputs, px, Inputs, format, memory.Pointer), default, all, Outputs);
            for (var row = 0; row < Rows; row++)
                matrix.Multiply(PreparedRows.Make(1, Inputs, px + (row * Inputs), Inputs, format, memory.Pointer), default, single + (row * Outputs), Outputs);
        }

        Assert.Equal(alone, together);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public unsafe void The_residual_may_be_the_destination(WeightFormat format)
    {
        const int Rows = 7, Size = 70;
        var random = new KernelCase(4);
        var (x, weight, before) = (random.Values(Rows * Size).Single, random.Values(Size * Size).Single, random.Values(Rows * Size).Single);
        using var matrix = PackedMatrix.Pack(Size, Size, weight, format);
        using var memory = new NativeBuffer(PreparedRows.BytesFor(Rows, Size, format));
        var (apart, inPlace) = (new float[Rows * Size], (float[])before.Clone());
        fixed (float* px = x, pb = before, pa = apart, pi = inPlace)
        {
            var rows = PreparedRows.Make(Rows, Size, px, Size, format, memory.Pointer);
            matrix.Multiply(in rows, new Epilogue { Residual = pb, ResidualRowStride = Size, Scale = 0.5f }, pa, Size);
            matrix.Multiply(in rows, new Epilogue { Residual = pi, ResidualRowStride = Size, Scale = 0.5f }, pi, Size);
        }

        Assert.Equal(apart, inPlace);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public unsafe void NaN_and_infinity_are_seen_in_their_rows_only(WeightFormat format)
    {
        const int Rows = 5, Inputs = 77, Outputs = 20;
        var random = new KernelCase(4);
        var (x, weight) = (random.Values(Rows * Inputs).Single, random.Values(Outputs * Inputs).Single);
        x[(1 * Inputs) + 70] = float.NaN;
        x[(3 * Inputs) + 2] = float.PositiveInfinity;
        using var matrix = PackedMatrix.Pack(Outputs, Inputs, weight, format);
        using var memory = new NativeBuffer(PreparedRows.BytesFor(Rows, Inputs, format));
        var y = new float[Rows * Outputs];
        fixed (float* px = x, py = y)
            matrix.Multiply(PreparedRows.Make(Rows, Inputs, px, Inputs, format, memory.Pointer), default, py, Outputs);
        for (var i = 0; i < y.Length; i++)
            Assert.Equal(i / Outputs is 0 or 2 or 4, float.IsFinite(y[i]));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public unsafe void A_product_allocates_nothing(WeightFormat format)
    {
        const int Rows = 18, Size = 640;
        var random = new KernelCase(4);
        var (x, weight) = (random.Values(Rows * Size).Single, random.Values(Size * Size).Single);
        using var pool = new WorkerPool(2);
        using var matrix = PackedMatrix.Pack(Size, Size, weight, format);
        using var memory = new NativeBuffer(PreparedRows.BytesFor(Rows, Size, format));
        var y = new float[Rows * Size];
        fixed (float* px = x, py = y)
        {
            for (var i = 0; i < 3; i++)
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                matrix.Multiply(PreparedRows.Make(Rows, Size, px, Size, format, memory.Pointer, pool), default, py, Size, pool);
                if (i > 0)
                    Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
            }
        }
    }

    [Fact]
    public unsafe void Rows_that_do_not_fit_are_refused()
    {
        using var matrix = PackedMatrix.Pack(3, 4, new float[12], WeightFormat.Int8);
        using var gated = PackedMatrix.PackGated(3, 4, new float[12], new float[12], WeightFormat.Float32);
        using var memory = new NativeBuffer(PreparedRows.BytesFor(2, 40, WeightFormat.Float32));
        var (x, y) = (new float[80], new float[6]);
        fixed (float* px = x, py = y)
        {
            var destination = py;
            var wrongFormat = PreparedRows.Make(2, 4, px, 4, WeightFormat.Float32, memory.Pointer);
            Assert.Throws<ArgumentException>("x", () => matrix.Multiply(in wrongFormat, default, destination, 3));
            Assert.Throws<ArgumentException>("epilogue", () => gated.Multiply(in wrongFormat, new Epilogue { Activation = Activation.Gelu }, destination, 3));
            var wrongLength = PreparedRows.Make(2, 5, px, 5, WeightFormat.Int8, memory.Pointer);
            Assert.Throws<ArgumentException>("x", () => matrix.Multiply(in wrongLength, default, destination, 3));
            var right = PreparedRows.Make(2, 4, px, 4, WeightFormat.Int8, memory.Pointer);
            matrix.Dispose();
            Assert.Throws<ObjectDisposedException>(() => matrix.Multiply(in right, default, destination, 3));
        }
    }
}
