// Writing WAV files: what is read back, what is left when the writer dies, and what is counted.
using Ditar.Reference.Files;
using FsCheck;
using FsCheck.Fluent;

namespace Ditar.Tests.Reference.Files;

public sealed class WavWriteTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Fact]
    public void Floats_come_back_exactly_and_16_bits_to_half_a_step()
    {
        var cases = from channels in Gen.Choose(1, 5)
                    from rate in Gen.Elements(8000, 16000, 44100)
                    from pieces in Gen.Choose(0, 3000).ListOf()
                    select (channels, rate, pieces: pieces.Take(5).ToArray());
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(50).WithReplay(31, 37), Prop.ForAll(cases.ToArbitrary(), one =>
        {
            var samples = Sound(one.pieces.Sum() * one.channels);
            var exact = RoundTrip(samples, one.channels, one.rate, one.pieces, WavSampleFormat.Float32);
            var rounded = RoundTrip(samples, one.channels, one.rate, one.pieces, WavSampleFormat.Pcm16);
            return exact.AsSpan().SequenceEqual(samples)
                && rounded.Length == samples.Length
                && rounded.Zip(samples, (read, written) => Math.Abs(read - written)).All(error => error <= 0.5f / 32768);
        }));
    }

    [Fact]
    public void Sixteen_bit_samples_survive_exactly()
    {
        var all = Enumerable.Range(short.MinValue, 65536).Select(value => value / 32768f).ToArray();
        Assert.Equal(all, RoundTrip(all, 1, 16000, [all.Length], WavSampleFormat.Pcm16));
    }

    [Theory]
    [InlineData(WavSampleFormat.Pcm16)]
    [InlineData(WavSampleFormat.Float32)]
    public void A_run_that_is_killed_leaves_a_valid_file_up_to_the_last_second(WavSampleFormat format)
    {
        var path = folder.File("killed.wav");
        // Never disposed before the file is read: this is what is on the disk while the writer still runs.
        using var writer = WavWriter.Create(path, 1000, 1, format);
        var sound = Sound(2500);
        for (var i = 0; i < 25; i++)
            writer.Append(sound.AsSpan(i * 100, 100));
        var copy = folder.File("copy.wav");
        File.Copy(path, copy);
        var audio = WavFile.Read(copy);
        Assert.Equal(2000, audio.Frames);
        var half = 0.5f / 32768;
        Assert.All(audio.Samples.Zip(sound), pair => Assert.InRange(pair.First - pair.Second, -half, half));
        // The half second that the header does not know of yet.
        Assert.Contains("The header speaks of", Assert.Single(audio.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_is_killed_before_the_first_second_is_read_to_the_end()
    {
        var path = folder.File("early.wav");
        using var writer = WavWriter.Create(path, 1000);
        writer.Append(Sound(300));
        File.Copy(path, folder.File("copy.wav"));
        Assert.Equal(300, WavFile.Read(folder.File("copy.wav")).Frames);
    }

    [Fact]
    public void A_stream_that_cannot_seek_gets_open_sizes()
    {
        var pipe = new OneWayStream();
        using (var writer = new WavWriter(pipe, 16000, 2, WavSampleFormat.Float32))
            writer.Append(Sound(40_000));
        var audio = WavFile.Read(new MemoryStream(pipe.Content.ToArray()), "pipe");
        Assert.Equal(Sound(40_000), audio.Samples);
        Assert.Contains("left open", Assert.Single(audio.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void The_header_starts_where_the_stream_stood()
    {
        using var stream = new MemoryStream();
        stream.Write("before"u8);
        using (var writer = new WavWriter(stream, 8000, leaveOpen: true))
            writer.Append(Sound(20_000));
        Assert.Equal("before"u8, stream.ToArray().AsSpan(0, 6));
        var audio = WavFile.Read(new MemoryStream(stream.ToArray()[6..]), "tail");
        Assert.Equal(20_000, audio.Frames);
        Assert.Empty(audio.Warnings);
    }

    [Fact]
    public void Clipping_and_broken_numbers_are_counted()
    {
        using var stream = new MemoryStream();
        using (var writer = new WavWriter(stream, 8000, leaveOpen: true))
        {
            writer.Append([1, -1, 1.01f, -7, float.NaN, float.PositiveInfinity, 0.5f]);
            Assert.Equal((2L, 2L, 7L), (writer.ClippedSamples, writer.NonFiniteSamples, writer.Samples));
        }

        Assert.Equal([32767 / 32768f, -1, 32767 / 32768f, -1, 0, 0, 0.5f], WavFile.Read(stream, "clipped").Samples);
    }

    [Fact]
    public void Half_a_frame_and_a_closed_writer_are_refused()
    {
        var writer = new WavWriter(new MemoryStream(), 8000, 2);
        Assert.Throws<ArgumentException>(() => writer.Append(new float[3]));
        writer.Dispose();
        writer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => writer.Append(new float[2]));
    }

    [Fact]
    public void An_output_that_cannot_be_written_fails_at_once()
    {
        Assert.ThrowsAny<IOException>(() => WavWriter.Create(folder.File("no/such/folder.wav"), 16000));
        if (File.Exists("/dev/full"))
            Assert.ThrowsAny<IOException>(() => WavWriter.Write("/dev/full", new float[100], 16000));
    }

    public void Dispose() => folder.Dispose();

    private float[] RoundTrip(float[] samples, int channels, int rate, int[] pieces, WavSampleFormat format)
    {
        var path = folder.File("round.wav");
        using (var writer = WavWriter.Create(path, rate, channels, format))
        {
            var at = 0;
            foreach (var piece in pieces)
            {
                writer.Append(samples.AsSpan(at, piece * channels));
                at += piece * channels;
            }
        }

        var audio = WavFile.Read(path);
        Assert.Empty(audio.Warnings);
        Assert.Equal((rate, channels), (audio.SampleRate, audio.Channels));
        return audio.Samples;
    }

    private static float[] Sound(int count) => [.. Enumerable.Range(0, count).Select(i => 0.9f * MathF.Sin(i * 0.37f))];

    private sealed class OneWayStream : Stream
    {
        public MemoryStream Content { get; } = new();

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() => Content.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => Content.Write(buffer, offset, count);
    }
}
