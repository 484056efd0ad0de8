// Reading good WAV files of every kind, and files that lie: one test per lie.
using Ditar.Reference.Files;
using static Ditar.Tests.Reference.Files.WavBytes;

namespace Ditar.Tests.Reference.Files;

public class WavReadTests
{
    private static readonly byte[] Mono16 = Format(1, 1, 16000, 16);
    private static readonly byte[] FourSamples = [0x00, 0x40, 0x00, 0xC0, 0xFF, 0x7F, 0x00, 0x80];
    private static readonly float[] FourFloats = [0.5f, -0.5f, 32767 / 32768f, -1];

    [Fact]
    public void Eight_bits_are_unsigned() => Assert.Equal([0, -1, 127 / 128f], Good(Format(1, 1, 8000, 8), [128, 0, 255]).Samples);

    [Fact]
    public void Sixteen_bits() => Assert.Equal(FourFloats, Good(Mono16, FourSamples).Samples);

    [Fact]
    public void Twenty_four_bits() =>
        Assert.Equal([1 / 8388608f, -1 / 8388608f, -1, 8388607 / 8388608f], Good(Format(1, 2, 48000, 24), [1, 0, 0, 0xFF, 0xFF, 0xFF, 0, 0, 0x80, 0xFF, 0xFF, 0x7F]).Samples);

    [Fact]
    public void Twenty_bits_fill_the_upper_part_of_three_bytes() => Assert.Equal([-0.5f], Good(Format(1, 1, 48000, 20), [0, 0, 0xC0]).Samples);

    [Fact]
    public void Thirty_two_bits() => Assert.Equal([-1, 0.25f], Good(Format(1, 1, 44100, 32), [0, 0, 0, 0x80, 0, 0, 0, 0x20]).Samples);

    [Fact]
    public void Floats_of_both_sizes()
    {
        Assert.Equal([1.5f, -0.1f], Good(Format(3, 1, 44100, 32), [.. BitConverter.GetBytes(1.5f), .. BitConverter.GetBytes(-0.1f)]).Samples);
        Assert.Equal([1.5f, -0.1f], Good(Format(3, 1, 44100, 64), [.. BitConverter.GetBytes(1.5), .. BitConverter.GetBytes(-0.1)]).Samples);
    }

    [Fact]
    public void Extensible_around_integers_and_floats()
    {
        Assert.Equal(FourFloats, Good(Extensible(1, 2, 48000, 16, 16), FourSamples).Samples);
        Assert.Equal([0.25f], Good(Extensible(3, 1, 48000, 32, 32), BitConverter.GetBytes(0.25f)).Samples);
        Assert.Equal([-0.5f], Good(Extensible(1, 1, 48000, 32, 24), [0, 0, 0, 0xC0]).Samples);
    }

    [Fact]
    public void Eleven_channels_are_mixed_to_their_mean()
    {
        var audio = Good(Format(1, 11, 16000, 16), [.. Enumerable.Range(0, 22).SelectMany(i => Short(i * 100))]);
        Assert.Equal((11, 2), (audio.Channels, audio.Frames));
        Assert.Equal([500 / 32768f, 1600 / 32768f], audio.ToMono());
        Assert.Equal(TimeSpan.FromSeconds(2 / 16000.0), audio.Duration);
    }

    [Fact]
    public void Chunks_come_in_any_order_with_odd_ones_between()
    {
        var audio = Read(Riff(Chunk("LIST", new byte[7]), Chunk("data", FourSamples), Chunk("odd ", new byte[3]), Mono16, Chunk("id3 ", new byte[1])));
        Assert.Equal(FourFloats, audio.Samples);
        Assert.Empty(audio.Warnings);
    }

    [Fact]
    public void No_samples_at_all() => Assert.Empty(Good(Mono16, []).Samples);

    [Fact]
    public void Data_size_left_open() => Warned(RiffSized(0xFFFFFFFF, Mono16, Chunk("data", FourSamples, 0xFFFFFFFF)), "left open");

    [Fact]
    public void Data_size_larger_than_the_file() => Warned(Riff(Mono16, Chunk("data", FourSamples, 1_000_000_000)), "claim 1000000000 bytes, 8 are left");

    [Fact]
    public void Data_size_never_filled_in() => Warned(RiffSized(0, Mono16, Chunk("data", FourSamples, 0)), "never filled in");

    [Fact]
    public void Riff_size_wrong() => Warned(RiffSized(12345, Mono16, Chunk("data", FourSamples)), "12353 bytes, the file has 52");

    [Fact]
    public void Block_size_wrong() => Warned(Riff(Format(1, 1, 16000, 16, blockAlign: 7), Chunk("data", FourSamples)), "given as 7");

    [Fact]
    public void Block_size_zero() => Warned(Riff(Format(1, 1, 16000, 16, blockAlign: 0), Chunk("data", FourSamples)), "given as 0");

    [Fact]
    public void Last_frame_cut() => Warned(Riff(Mono16, Chunk("data", [.. FourSamples, 1])), "The last 1 bytes");

    [Fact]
    public void Crumbs_after_the_last_chunk() => Warned([.. RiffSized(55 - 8, Mono16, Chunk("data", FourSamples)), 1, 2, 3], "3 bytes after the last chunk");

    [Fact]
    public void Bytes_behind_the_end_that_the_header_names()
    {
        byte[] bytes = [.. Riff(Mono16, Chunk("data", FourSamples)), .. Chunk("data", [1, 2, 3, 4])];
        Warned(bytes, "52 bytes, the file has 64");
        Assert.Single(Read(bytes).Warnings);
    }

    [Fact]
    public void Unknown_chunk_larger_than_the_file() => Warned(Riff(Mono16, Chunk("data", FourSamples), Chunk("LIST", new byte[4], 4000)), "claims 4000 bytes");

    [Fact]
    public void Second_data_chunk() => Warned(Riff(Mono16, Chunk("data", FourSamples), Chunk("data", FourSamples)), "A second chunk \"data\"");

    [Fact]
    public void Second_format_chunk() => Warned(Riff(Mono16, Format(1, 2, 8000, 8), Chunk("data", FourSamples)), "A second chunk \"fmt \"");

    [Fact]
    public void Twenty_four_bits_in_four_bytes()
    {
        var audio = Read(Riff(Format(1, 1, 16000, 24, blockAlign: 4), Chunk("data", [0, 0, 0, 0xC0])));
        Assert.Equal([-0.5f], audio.Samples);
        Assert.Contains("4 bytes each", Assert.Single(audio.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Floats_that_are_not_numbers()
    {
        var audio = Read(Riff(Format(3, 1, 16000, 32), Chunk("data", [.. BitConverter.GetBytes(float.NaN), .. BitConverter.GetBytes(0.5f)])));
        Assert.Equal([0, 0.5f], audio.Samples);
        Assert.Contains("1 samples are not finite", Assert.Single(audio.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void The_long_form_takes_its_sizes_from_ds64()
    {
        byte[] sizes = [.. BitConverter.GetBytes(0UL), .. BitConverter.GetBytes(4UL), .. new byte[12]];
        var bytes = RiffSized(0xFFFFFFFF, Chunk("ds64", sizes), Mono16, Chunk("data", FourSamples, 0xFFFFFFFF));
        "RF64"u8.CopyTo(bytes);
        Assert.Equal(FourFloats[..2], Read(bytes).Samples);
    }

    [Fact]
    public void Missing_file() => Assert.Contains("no file", Assert.Throws<AudioFileException>(() => WavFile.Read("/nowhere/x.wav")).Message, StringComparison.Ordinal);

    [Fact]
    public void Empty_file() => Refused([], "found 0");

    [Fact]
    public void Not_riff() => Refused("OggS\0\0\0\0\0\0\0\0\0"u8.ToArray(), "OggS");

    [Fact]
    public void Big_endian() => Refused("RIFX\0\0\0\0WAVE"u8.ToArray(), "RIFX");

    [Fact]
    public void Riff_but_not_wave() => Refused("RIFF\0\0\0\0AVI "u8.ToArray(), "AVI ");

    [Fact]
    public void No_format() => Refused(Riff(Chunk("data", FourSamples)), "expected a chunk \"fmt \"");

    [Fact]
    public void No_data() => Refused(Riff(Mono16), "expected a chunk \"data\"");

    [Fact]
    public void Format_too_short() => Refused(Riff(Chunk("fmt ", new byte[14])), "at least 16 bytes");

    [Fact]
    public void Format_cut_by_the_end_of_the_file() => Refused(Riff(Mono16)[..^1], "at least 16 bytes");

    [Fact]
    public void Extensible_too_short() => Refused(Riff(Format(0xFFFE, 1, 16000, 16)), "40 bytes");

    [Fact]
    public void Extensible_with_a_foreign_sub_format() => Refused(Riff(Extensible(1, 1, 16000, 16, 16, lastGuidByte: 0)), "sub-format");

    [Theory]
    [InlineData(2, "ADPCM")]
    [InlineData(6, "A-law")]
    [InlineData(0x55, "MP3")]
    [InlineData(0x1234, "codec tag 4660")]
    public void Compressed(int tag, string codec) => Refused(Riff(Format(tag, 1, 16000, 16)), codec);

    [Fact]
    public void No_channels() => Refused(Riff(Format(1, 0, 16000, 16)), "found 0");

    [Fact]
    public void Sixty_thousand_channels() => Refused(Riff(Format(1, 60000, 16000, 16)), "found 60000");

    [Fact]
    public void No_sample_rate() => Refused(Riff(Format(1, 1, 0, 16)), "sample rate");

    [Fact]
    public void Absurd_sample_rate() => Refused(Riff(Format(1, 1, 4_000_000_000, 16)), "4000000000");

    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, 33)]
    [InlineData(1, 64)]
    [InlineData(3, 16)]
    public void Impossible_bits(int tag, int bits) => Refused(Riff(Format(tag, 1, 16000, bits)), $"found {bits}");

    [Fact]
    public void Short_ds64() => Refused(Riff(Chunk("ds64", new byte[8])), "at least 16 bytes");

    [Fact]
    public void Longer_than_allowed_is_refused_before_the_samples_are_allocated()
    {
        var bytes = Riff(Format(1, 1, 16000, 8), Chunk("data", new byte[16000 * 3]));
        var before = GC.GetAllocatedBytesForCurrentThread();
        var fault = Assert.Throws<AudioFileException>(() => WavFile.Read(new MemoryStream(bytes), "long.wav", TimeSpan.FromSeconds(2)));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 16000);
        Assert.Contains("at most 2 s", fault.Message, StringComparison.Ordinal);
        Assert.Equal(48000, WavFile.Read(new MemoryStream(bytes), "long.wav", TimeSpan.FromSeconds(3)).Frames);
    }

    [Fact]
    public void Ten_thousand_empty_chunks() => Refused(Riff([.. Enumerable.Repeat(Chunk("junk", []), 10_001)]), "at most 10000 chunks");

    private static WavAudio Good(byte[] format, byte[] data)
    {
        var audio = Read(Riff(format, Chunk("data", data)));
        Assert.Empty(audio.Warnings);
        return audio;
    }

    private static void Warned(byte[] file, string warning)
    {
        var audio = Read(file);
        Assert.Equal(FourFloats, audio.Samples);
        Assert.Contains(audio.Warnings, text => text.Contains(warning, StringComparison.Ordinal));
    }

    private static void Refused(byte[] file, string part)
    {
        var fault = Assert.Throws<AudioFileException>(() => Read(file));
        Assert.StartsWith("test.wav: ", fault.Message, StringComparison.Ordinal);
        Assert.Contains(part, fault.Message, StringComparison.Ordinal);
    }

    private static WavAudio Read(byte[] file) => WavFile.Read(new MemoryStream(file), "test.wav");
}
