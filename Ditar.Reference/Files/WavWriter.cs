// Writes a WAV file while its sound is being made. The sizes in the header are brought up to date about once a second and at the end, always
// after the samples they count, so a run that is stopped or killed leaves a valid file. On a stream that cannot go back the sizes are 0xFFFFFFFF
// ("to the end"), and so they are beyond 4 GB. Values outside of -1 .. 1 are clipped in 16 bits and counted.
// Left out: other sample formats, more than one data chunk, the extensible header (the plain one says all there is).
using System.Buffers.Binary;

namespace Ditar.Reference.Files;

public enum WavSampleFormat
{
    Pcm16,
    Float32,
}

public sealed class WavWriter : IDisposable
{
    private const uint UnknownSize = 0xFFFFFFFF;
    private const int ChunkSamples = 4096;

    private readonly Stream stream;
    private readonly bool leaveOpen;
    private readonly WavSampleFormat format;
    private readonly int sampleBytes;
    private readonly long origin;
    private readonly byte[] buffer;
    private long samplesAtLastHeader;
    private bool disposed;

    /// <summary>Writes the header at once; the stream's current position becomes the start of the file.</summary>
    /// <param name="stream">Seekable or not.</param>
    /// <param name="sampleRate">Frames per second.</param>
    /// <param name="leaveOpen">Keeps the stream open after Dispose.</param>
    public WavWriter(Stream stream, int sampleRate, int channels = 1, WavSampleFormat format = WavSampleFormat.Pcm16, bool leaveOpen = false)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentOutOfRangeException.ThrowIfLessThan(sampleRate, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sampleRate, WavFormat.MaximumSampleRate);
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(channels, WavFormat.MaximumChannels);
        this.stream = stream;
        this.leaveOpen = leaveOpen;
        this.format = format;
        SampleRate = sampleRate;
        Channels = channels;
        sampleBytes = format == WavSampleFormat.Pcm16 ? 2 : 4;
        buffer = new byte[ChunkSamples * sampleBytes];
        origin = stream.CanSeek ? stream.Position : 0;
        stream.Write(Header());
    }

    public int SampleRate { get; }

    public int Channels { get; }

    /// <summary>Samples written so far, all channels together.</summary>
    public long Samples { get; private set; }

    /// <summary>Values outside of -1 .. 1 that 16 bits could not hold.</summary>
    public long ClippedSamples { get; private set; }

    /// <summary>NaN and infinite values, written as silence.</summary>
    public long NonFiniteSamples { get; private set; }

    /// <exception cref="IOException">The file cannot be created.</exception>
    public static WavWriter Create(string path, int sampleRate, int channels = 1, WavSampleFormat format = WavSampleFormat.Pcm16)
    {
        // No large buffer: what was appended must be in the file when the process ends.
        var stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        try
        {
            return new WavWriter(stream, sampleRate, channels, format);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Writes a whole file.</summary>
    /// <param name="samples">[frame * channel].</param>
    public static void Write(string path, ReadOnlySpan<float> samples, int sampleRate, int channels = 1, WavSampleFormat format = WavSampleFormat.Pcm16)
    {
        using var writer = Create(path, sampleRate, channels, format);
        writer.Append(samples);
    }

    /// <param name="samples">[frame * channel], the channels of a frame beside each other; full scale is -1 .. 1.</param>
    /// <exception cref="ArgumentException">The last frame is not complete.</exception>
    /// <exception cref="IOException">No space left, a closed pipe, ...</exception>
    public void Append(ReadOnlySpan<float> samples)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (samples.Length % Channels != 0)
            throw new ArgumentException($"{samples.Length} samples are not whole frames of {Channels} channels.", nameof(samples));
        for (var rest = samples; !rest.IsEmpty; rest = rest[Math.Min(ChunkSamples, rest.Length)..])
        {
            var part = rest[..Math.Min(ChunkSamples, rest.Length)];
            if (format == WavSampleFormat.Pcm16)
                EncodePcm16(part);
            else
                EncodeFloat32(part);
            stream.Write(buffer, 0, part.Length * sampleBytes);
            Samples += part.Length;
        }

        if (Samples - samplesAtLastHeader >= (long)SampleRate * Channels)
            UpdateHeader();
    }

    /// <summary>Makes the header count every sample written so far. Does nothing on a stream that cannot seek.</summary>
    public void UpdateHeader()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (!stream.CanSeek)
            return;
        stream.Flush();
        var end = stream.Position;
        stream.Position = origin;
        stream.Write(Header());
        stream.Position = end;
        stream.Flush();
        samplesAtLastHeader = Samples;
    }

    public void Dispose()
    {
        if (disposed)
            return;
        try
        {
            UpdateHeader();
            stream.Flush();
        }
        finally
        {
            disposed = true;
            if (!leaveOpen)
                stream.Dispose();
        }
    }

    private byte[] Header()
    {
        // Float files carry a longer "fmt " (with an empty extension) and the frame count in "fact", as the standard asks for all but PCM.
        var isFloat = format == WavSampleFormat.Float32;
        var header = new byte[isFloat ? 58 : 44];
        var dataBytes = Samples * sampleBytes;
        var riffBytes = header.Length - 8 + dataBytes;
        var open = !stream.CanSeek || riffBytes >= UnknownSize;
        "RIFF"u8.CopyTo(header);
        Number32(4, open ? UnknownSize : (uint)riffBytes);
        "WAVEfmt "u8.CopyTo(header.AsSpan(8));
        Number32(16, isFloat ? 18u : 16u);
        Number16(20, isFloat ? 3 : 1);
        Number16(22, Channels);
        Number32(24, (uint)SampleRate);
        Number32(28, (uint)Math.Min(uint.MaxValue, (long)SampleRate * Channels * sampleBytes));
        Number16(32, Channels * sampleBytes);
        Number16(34, sampleBytes * 8);
        if (isFloat)
        {
            "fact"u8.CopyTo(header.AsSpan(38));
            Number32(42, 4);
            Number32(46, open ? UnknownSize : (uint)(Samples / Channels));
        }

        "data"u8.CopyTo(header.AsSpan(header.Length - 8));
        Number32(header.Length - 4, open ? UnknownSize : (uint)dataBytes);
        return header;

        void Number16(int at, int value) => BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(at), (ushort)value);
        void Number32(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(at), value);
    }

    private void EncodePcm16(ReadOnlySpan<float> samples)
    {
        for (var i = 0; i < samples.Length; i++)
        {
            var value = Finite(samples[i]);
            if (Math.Abs(value) > 1)
                ClippedSamples++;
            // 1 itself is 32768 and becomes 32767, a step of which nobody calls clipping.
            var stored = (short)Math.Clamp(MathF.Round(value * 32768), short.MinValue, short.MaxValue);
            BinaryPrimitives.WriteInt16LittleEndian(buffer.AsSpan(2 * i), stored);
        }
    }

    private void EncodeFloat32(ReadOnlySpan<float> samples)
    {
        for (var i = 0; i < samples.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(buffer.AsSpan(4 * i), Finite(samples[i]));
    }

    private float Finite(float value)
    {
        if (float.IsFinite(value))
            return value;
        NonFiniteSamples++;
        return 0;
    }
}
