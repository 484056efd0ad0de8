// Writing and reading back: every type, every shape, metadata, and a file that is replaced whole or not at all.
using Ditar.Reference.Files;
using Ditar.Reference.Randomness;
using FsCheck;
using FsCheck.Fluent;

namespace Ditar.Tests.Reference.Files;

public sealed class SafetensorsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Fact]
    public void Any_set_of_tensors_comes_back_bit_for_bit()
    {
        var shapes = Gen.Choose(0, 7).Select(size => (long)size).ListOf(4).Select(sizes => sizes.Take((int)(sizes[0] % 5)).ToArray());
        var tensors = shapes.Zip(Gen.Choose(0, 5), (shape, type) => (shape, type)).ArrayOf();
        Check.One(Config.QuickThrowOnFailure.WithReplay(21, 23), Prop.ForAll(tensors.ToArbitrary(), RoundTrips));
    }

    [Fact]
    public void Numbers_with_special_bits_keep_them()
    {
        float[] values = [0, -0f, 1, -1, float.Epsilon, float.MaxValue, float.MinValue, float.NaN, float.PositiveInfinity, float.NegativeInfinity];
        var read = WriteAndRead(values, SafetensorsType.F32);
        Assert.Equal(values.Select(BitConverter.SingleToInt32Bits), read.Select(BitConverter.SingleToInt32Bits));
    }

    [Fact]
    public void Bfloat16_is_the_nearest_with_ties_to_even()
    {
        // The definition: of the two neighbours that a truncation gives, the nearer; of two equally near ones the one with an even last place.
        var random = new RandomSequence(5, 5);
        for (var i = 0; i < 100_000; i++)
        {
            var value = BitConverter.Int32BitsToSingle(random.NextBelow(0x7F7F0000) | (i & 1) << 31);
            if (i % 3 == 0)
                value = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(value) & ~0xFFFF | 0x8000);
            var low = (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);
            double below = Math.Abs((double)value - BFloat16.ToSingle(low)), above = Math.Abs((double)BFloat16.ToSingle((ushort)(low + 1)) - value);
            var expected = below < above || (below == above && low % 2 == 0) ? low : (ushort)(low + 1);
            Assert.Equal(expected, BFloat16.FromSingle(value));
        }
    }

    [Fact]
    public void Every_bfloat16_survives_and_overflow_and_nan_are_kept_apart()
    {
        for (var bits = 0; bits <= ushort.MaxValue; bits++)
        {
            var value = BFloat16.ToSingle((ushort)bits);
            Assert.Equal(float.IsNaN(value) ? bits | 0x40 : bits, BFloat16.FromSingle(value));
        }

        Assert.Equal(float.PositiveInfinity, BFloat16.ToSingle(BFloat16.FromSingle(float.MaxValue)));
        // All set bits of this NaN lie in the half that is cut off.
        Assert.True(float.IsNaN(BFloat16.ToSingle(BFloat16.FromSingle(BitConverter.Int32BitsToSingle(0x7F800001)))));
    }

    [Fact]
    public void Half_precision_is_rounded_like_the_platform_does()
    {
        var values = Normals(10_000);
        Assert.Equal(values.Select(value => (float)(Half)value), WriteAndRead(values, SafetensorsType.F16));
        Assert.Equal(values.Select(value => BFloat16.ToSingle(BFloat16.FromSingle(value))), WriteAndRead(values, SafetensorsType.BF16));
    }

    [Fact]
    public void Doubles_and_integers_of_every_width_are_read()
    {
        var writer = new SafetensorsWriter();
        writer.Add("d", [3], new double[] { Math.PI, -1e300, 0 });
        writer.Add("l", [2], new long[] { long.MinValue, 7 });
        writer.Add("i", [2, 1], new int[] { int.MinValue, -7 });
        using var file = Save(writer);
        var (doubles, longs, ints, floats) = (new double[3], new long[2], new long[2], new float[3]);
        file.ReadFloat64("d", doubles);
        file.ReadFloat32("d", floats);
        file.ReadInt64("l", longs);
        file.ReadInt64("i", ints);
        Assert.Equal([Math.PI, -1e300, 0], doubles);
        Assert.Equal([MathF.PI, float.NegativeInfinity, 0], floats);
        Assert.Equal([long.MinValue, 7], longs);
        Assert.Equal([int.MinValue, -7], ints);

        const string header = """
            {"a":{"dtype":"I16","shape":[1],"data_offsets":[0,2]},"b":{"dtype":"U16","shape":[1],"data_offsets":[2,4]},"c":{"dtype":"I8","shape":[1],"data_offsets":[4,5]},
            "d":{"dtype":"U8","shape":[1],"data_offsets":[5,6]},"e":{"dtype":"BOOL","shape":[1],"data_offsets":[6,7]},"f":{"dtype":"U32","shape":[],"data_offsets":[7,11]}}
            """;
        var bytes = SafetensorsBytes.Make(header, 11);
        ((ReadOnlySpan<byte>)[0xFE, 0xFF, 0xFE, 0xFF, 0xFE, 0xFE, 1, 0xFE, 0xFF, 0xFF, 0xFF]).CopyTo(bytes.AsSpan(bytes.Length - 11));
        using var small = SafetensorsFile.Open(folder.File("small.safetensors", bytes));
        var read = new long[1];
        foreach (var (name, expected) in new[] { ("a", -2L), ("b", 65534), ("c", -2), ("d", 254), ("e", 1), ("f", 4294967294) })
        {
            small.ReadInt64(name, read);
            Assert.Equal(expected, read[0]);
        }
    }

    [Fact]
    public void Metadata_and_unusual_names_come_back()
    {
        var writer = new SafetensorsWriter { Metadata = { ["format"] = "pt", ["note"] = "a \"quoted\" é 語 \n" } };
        writer.Add("", [], new float[] { 1 });
        writer.Add("weird \" \\ \n 語 \U0001F600", [], new float[] { 2 });
        using var file = Save(writer);
        Assert.Equal(writer.Metadata, file.Metadata);
        Assert.Equal(["", "weird \" \\ \n 語 \U0001F600"], file.Names);
    }

    [Fact]
    public void Every_tensor_is_aligned_to_its_elements_and_raw_bytes_are_the_stored_ones()
    {
        var writer = new SafetensorsWriter();
        writer.Add("half", [3], Normals(3), SafetensorsType.BF16);
        writer.Add("float", [5], Normals(5));
        writer.Add("long", [1], new long[] { 0x0102030405060708 });
        using var file = Save(writer);
        Assert.All(file.Entries, entry => Assert.Equal(0, entry.Offset % entry.Type.ByteSize()));
        var bytes = new byte[3];
        file.ReadBytes("long", 1, bytes);
        Assert.Equal([7, 6, 5], bytes);
    }

    [Fact]
    public void A_writer_refuses_what_it_could_not_read_back()
    {
        var writer = new SafetensorsWriter();
        writer.Add("a", [2], new float[2]);
        Assert.Throws<ArgumentException>(() => writer.Add("a", [2], new float[2]));
        Assert.Throws<ArgumentException>(() => writer.Add("__metadata__", [2], new float[2]));
        Assert.Throws<ArgumentException>(() => writer.Add("b", [3], new float[2]));
        Assert.Throws<ArgumentException>(() => writer.Add("b", [-1, -2], new float[2]));
        Assert.Throws<ArgumentException>(() => writer.Add("b", [2], new float[2], SafetensorsType.I32));
    }

    [Fact]
    public void A_writer_that_fails_leaves_the_old_file_and_nothing_else()
    {
        var path = folder.File("model.safetensors", "old"u8);
        Assert.Throws<InvalidTimeZoneException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write("new, but"u8);
            throw new InvalidTimeZoneException();
        }));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void The_old_file_is_there_until_the_new_one_is_complete_and_a_second_writer_is_kept_out()
    {
        var path = folder.File("model.safetensors", "old"u8);
        File.WriteAllText(path + ".partial", "left behind by a killed run, and longer than the new content");
        AtomicFile.Write(path, stream =>
        {
            stream.Write("new"u8);
            stream.Flush();
            Assert.Equal("old", File.ReadAllText(path));
            Assert.ThrowsAny<IOException>(() => AtomicFile.Write(path, "second"u8));
        });
        Assert.Equal("new", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void A_mapped_file_can_be_replaced_and_keeps_its_content()
    {
        var path = folder.File("model.safetensors");
        var writer = new SafetensorsWriter();
        writer.Add("a", [1], new float[] { 1 });
        writer.Save(path);
        using var old = SafetensorsFile.Open(path);
        var newer = new SafetensorsWriter();
        newer.Add("a", [1], new float[] { 2 });
        newer.Save(path);
        using var current = SafetensorsFile.Open(path);
        var value = new float[1];
        old.ReadFloat32("a", value);
        Assert.Equal(1, value[0]);
        current.ReadFloat32("a", value);
        Assert.Equal(2, value[0]);
    }

    [Fact]
    public void Reading_allocates_nothing()
    {
        var writer = new SafetensorsWriter();
        writer.Add("w", [100_000], new float[100_000], SafetensorsType.BF16);
        using var file = Save(writer);
        var destination = new float[100_000];
        file.ReadFloat32("w", destination);
        var before = GC.GetAllocatedBytesForCurrentThread();
        file.ReadFloat32("w", destination);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    public void Dispose() => folder.Dispose();

    private bool RoundTrips((long[] Shape, int Type)[] tensors)
    {
        var writer = new SafetensorsWriter();
        var contents = new List<Array>();
        for (var i = 0; i < tensors.Length; i++)
        {
            var (shape, type) = tensors[i];
            var count = (int)shape.Aggregate(1L, (product, size) => product * size);
            // Multiples of 1/8 below 16 are exact in every type.
            var floats = Normals(count, (ulong)i).Select(value => MathF.Round(Math.Clamp(value, -8, 8) * 8) / 8).ToArray();
            var name = $"t{i}";
            contents.Add(floats);
            switch (type)
            {
                case < 3: writer.Add(name, shape, floats, SafetensorsType.F32 + type); break;
                case 3: writer.Add(name, shape, floats.Select(value => (double)value).ToArray()); break;
                case 4: writer.Add(name, shape, contents[i] is float[] f ? f.Select(value => (long)(value * 8)).ToArray() : []); break;
                default: writer.Add(name, shape, floats.Select(value => (int)(value * 8)).ToArray()); break;
            }
        }

        using var file = Save(writer);
        for (var i = 0; i < tensors.Length; i++)
        {
            var expected = (float[])contents[i];
            var entry = file.Require($"t{i}", tensors[i].Shape);
            var read = new float[entry.Count];
            if (tensors[i].Type < 4)
            {
                file.ReadFloat32(entry.Name, read);
            }
            else
            {
                var longs = new long[entry.Count];
                file.ReadInt64(entry.Name, longs);
                read = [.. longs.Select(value => value / 8f)];
            }

            if (!read.AsSpan().SequenceEqual(expected))
                return false;
        }

        return true;
    }

    private float[] WriteAndRead(float[] values, SafetensorsType type)
    {
        var writer = new SafetensorsWriter();
        writer.Add("w", [values.Length], values, type);
        using var file = Save(writer);
        Assert.Equal(type, file["w"].Type);
        var read = new float[values.Length];
        file.ReadFloat32("w", read);
        var wide = new double[values.Length];
        file.ReadFloat64("w", wide);
        Assert.Equal(read, wide.Select(value => (float)value));
        return read;
    }

    private SafetensorsFile Save(SafetensorsWriter writer)
    {
        var path = folder.File("round.safetensors");
        writer.Save(path);
        return SafetensorsFile.Open(path);
    }

    private static float[] Normals(int count, ulong stream = 0)
    {
        var values = new float[count];
        NormalSource.FillNormal(31, stream, 0, values);
        return values;
    }
}
