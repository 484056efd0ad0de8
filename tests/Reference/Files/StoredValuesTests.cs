// Weights that stay in the mapped file until somebody asks: read then, they are the numbers that were there, whoever asks first and however many ask at once.

using Ditar.Reference;
using Ditar.Reference.Files;
using Ditar.Reference.Layers;
using Ditar.Reference.VoxCpm;

namespace Ditar.Tests.Reference.Files;

public class StoredValuesTests
{
    // Around the blocks of 512 bytes and the chunks of 8192 that the file is copied in, of 2, 4 and 8 bytes each; odd ones; more than one chunk.
    private static readonly int[] Lengths =
        [1, 2, 3, 63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 513, 1023, 1024, 1025, 2047, 2048, 2049, 4095, 4096, 4097, 8191, 8193, 10001];

    [Theory]
    [InlineData(SafetensorsType.BF16)]
    [InlineData(SafetensorsType.F16)]
    [InlineData(SafetensorsType.F32)]
    public void Values_read_later_are_those_of_the_file_at_every_length(SafetensorsType type)
    {
        using var folder = new TemporaryFolder();
        var expected = Lengths.ToDictionary(length => $"t{length}", length => Rounded(type, length));
        var writer = new SafetensorsWriter();
        foreach (var (name, values) in expected) writer.Add(name, [values.Length], values, type);
        writer.Save(folder.File("w"));
        using var file = SafetensorsFile.Open(folder.File("w"));
        foreach (var (name, values) in expected)
        {
            var later = new FileValues(file, name, [values.Length]);
            var single = Tensor.Of(ElementType.Float32, later, values.Length);
            Assert.Same(later, single.Stored);
            Assert.Equal(values, single.ToSingles());
            Assert.Null(single.Stored);
            Assert.Equal(values.Select(value => (double)value), Tensor.Of(ElementType.Float64, later, values.Length).ToDoubles());
            Assert.Equal(type == SafetensorsType.BF16, later.IsBFloat16);
            var bits = new ushort[values.Length];
            if (type == SafetensorsType.BF16)
            {
                later.ReadBFloat16(bits);
                Assert.Equal(values, bits.Select(BFloat16.ToSingle));
            }
            else
            {
                var refused = Assert.Throws<InvalidOperationException>(() => later.ReadBFloat16(bits)).Message;
                Assert.Contains(name, refused, StringComparison.Ordinal);
                Assert.Contains(type.HeaderName(), refused, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Wider_numbers_are_read_as_they_are_or_rounded_once()
    {
        using var folder = new TemporaryFolder();
        double[] values = [.. Enumerable.Range(0, 4097).Select(i => Math.Sin(i + 0.1))];
        var writer = new SafetensorsWriter();
        writer.Add("t", [values.Length], values);
        writer.Save(folder.File("w"));
        using var file = SafetensorsFile.Open(folder.File("w"));
        var later = new FileValues(file, "t", [values.Length]);
        Assert.Equal(values, Tensor.Of(ElementType.Float64, later, values.Length).ToDoubles());
        Assert.Equal(values.Select(value => (float)value), Tensor.Of(ElementType.Float32, later, values.Length).ToSingles());
    }

    [Theory]
    [InlineData(2, 2, 3)]
    [InlineData(1, 6, 1)]
    [InlineData(3, 16, 7)]
    [InlineData(4, 64, 33)]
    public void Rows_of_pairs_are_put_in_order_in_every_type(int heads, int headDim, int inputs)
    {
        using var folder = new TemporaryFolder();
        var rows = heads * headDim;
        var official = Rounded(SafetensorsType.BF16, rows * inputs);
        var writer = new SafetensorsWriter();
        writer.Add("q", [rows, inputs], official, SafetensorsType.BF16);
        writer.Save(folder.File("w"));
        using var file = SafetensorsFile.Open(folder.File("w"));
        var later = new InterleavedValues(new FileValues(file, "q", [rows, inputs]), inputs, headDim);

        // Dims i and i + headDim/2 of a head become neighbours 2i and 2i + 1.
        var expected = new float[official.Length];
        for (var head = 0; head < heads; head++)
            for (var pair = 0; pair < headDim / 2; pair++)
                for (var half = 0; half < 2; half++)
                    for (var column = 0; column < inputs; column++)
                        expected[((((head * headDim) + (2 * pair) + half) * inputs) + column)] = official[(((head * headDim) + pair + (half * headDim / 2)) * inputs) + column];
        Assert.True(later.IsBFloat16);
        var bits = new ushort[official.Length];
        later.ReadBFloat16(bits);
        Assert.Equal(expected, bits.Select(BFloat16.ToSingle));
        Assert.Equal(expected, Tensor.Of(ElementType.Float32, later, rows, inputs).ToSingles());
        Assert.Equal(expected.Select(value => (double)value), Tensor.Of(ElementType.Float64, later, rows, inputs).ToDoubles());
    }

    [Fact]
    public void Many_readers_at_once_see_whole_tensors()
    {
        using var folder = new TemporaryFolder();
        const int length = 100_003, tensors = 4, readers = 8;
        var expected = Rounded(SafetensorsType.BF16, length);
        var writer = new SafetensorsWriter();
        for (var i = 0; i < tensors; i++) writer.Add($"t{i}", [length], expected, SafetensorsType.BF16);
        writer.Save(folder.File("w"));
        using var file = SafetensorsFile.Open(folder.File("w"));
        Tensor[] shared = [.. Enumerable.Range(0, tensors).Select(i => Tensor.Of(ElementType.Float32, new FileValues(file, $"t{i}", [length]), length))];
        using var start = new Barrier(readers);
        var wrong = 0;
        Thread[] threads = [.. Enumerable.Range(0, readers).Select(reader => new Thread(() =>
        {
            start.SignalAndWait();
            for (var i = 0; i < tensors; i++)
            {
                // The same tensor first by all, and each its own bytes beside it.
                if (!shared[i].Values<float>().SequenceEqual(expected)) Interlocked.Increment(ref wrong);
                var bits = new ushort[length];
                new FileValues(file, $"t{(i + reader) % tensors}", [length]).ReadBFloat16(bits);
                if (BFloat16.ToSingle(bits[^1]) != expected[^1] || BFloat16.ToSingle(bits[length / 2]) != expected[length / 2]) Interlocked.Increment(ref wrong);
            }
        }))];
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        Assert.Equal(0, wrong);
    }

    [Fact]
    public void Parameters_taken_for_later_are_checked_now_and_read_then()
    {
        using var folder = new TemporaryFolder();
        var values = Rounded(SafetensorsType.BF16, 6 * 31);
        var spoiled = (float[])values.Clone();
        spoiled[100] = float.NaN;
        var writer = new SafetensorsWriter();
        writer.Add("layer.weight", [6, 31], values, SafetensorsType.BF16);
        writer.Add("bad.weight", [6, 31], spoiled, SafetensorsType.BF16);
        writer.Save(folder.File("w"));
        using var file = SafetensorsFile.Open(folder.File("w"));
        foreach (var type in new[] { ElementType.Float32, ElementType.Float64 })
        {
            var (now, later) = (Take(new CheckpointParameters(file, type)), Take(new CheckpointParameters(file, type, later: true)));
            Assert.Null(now.Stored);
            Assert.NotNull(later.Stored);
            Assert.Equal(now.ToDoubles(), later.ToDoubles());
            Assert.Null(later.Stored);
            foreach (var again in new[] { false, true })
            {
                var source = new CheckpointParameters(file, type, again);
                Names(file.Path, "bad.weight", "100", () => source.Root["bad"].Take("weight", [6, 31], Start.Zeros));
                Names(file.Path, "layer.weight", "[6, 32]", () => source.Root["layer"].Take("weight", [6, 32], Start.Zeros));
                Names(file.Path, "other.weight", "none of this name", () => source.Root["other"].Take("weight", [6, 31], Start.Zeros));
            }
        }

        static Tensor Take(CheckpointParameters source) => source.Root["layer"].Take("weight", [6, 31], Start.Zeros);

        static void Names(string path, string tensor, string what, Action take)
        {
            var message = Assert.Throws<CheckpointException>(take).Message;
            foreach (var part in new[] { path, tensor, what }) Assert.Contains(part, message, StringComparison.Ordinal);
        }
    }

    // Numbers that the type holds exactly, no two neighbours alike.
    private static float[] Rounded(SafetensorsType type, int length)
    {
        var values = new float[length];
        for (var i = 0; i < length; i++)
        {
            var value = MathF.Sin((i * 0.37f) + length);
            values[i] = type switch
            {
                SafetensorsType.BF16 => BFloat16.ToSingle(BFloat16.FromSingle(value)),
                SafetensorsType.F16 => (float)(Half)value,
                _ => value,
            };
        }

        return values;
    }
}
