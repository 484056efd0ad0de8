// Reads WAV files as they are found: RIFF chunks in any order, sizes that lie, data that ends too soon. What can be read is read, and every
// deviation is reported in the result's warnings; what cannot gives an AudioFileException. The length is checked before samples are allocated.
// RF64 and BW64 (files beyond 4 GB) are accepted; their true sizes stand in the chunk "ds64".
// Left out: compressed codecs, big-endian RIFX, cue points, tags and all other chunks, which are skipped.
using System.Buffers.Binary;
using System.Text;

namespace Ditar.Reference.Files;

public static class WavFile
{
    /// <summary>Used where the caller names no limit.</summary>
    public static readonly TimeSpan DefaultMaximumDuration = TimeSpan.FromMinutes(30);

    private const int ChunkHeaderBytes = 8;
    private const int LongestFormat = 40;
    private const int MaximumChunks = 10_000;
    private const int BufferBytes = 1 << 16;
    private const uint UnknownSize = 0xFFFFFFFF;

    /// <param name="path">The file.</param>
    /// <param name="maximumDuration">Longer sound is refused before it is read; see <see cref="DefaultMaximumDuration"/>.</param>
    /// <exception cref="AudioFileException">The file is missing, is not a WAV of plain samples, or is too long.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static WavAudio Read(string path, TimeSpan? maximumDuration = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes);
            return Read(stream, path, maximumDuration);
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new AudioFileException(path, null, "a WAV file", "no file of this name", fault);
        }
    }

    /// <param name="stream">A seekable stream; read from its start.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <inheritdoc cref="Read(string, TimeSpan?)"/>
    public static WavAudio Read(Stream stream, string name, TimeSpan? maximumDuration = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanSeek)
            throw new ArgumentException("Chunks may stand in any order, so the stream must be seekable; copy it to memory first.", nameof(stream));
        stream.Position = 0;
        return new Parser(stream, name, maximumDuration ?? DefaultMaximumDuration).Read();
    }

    private sealed class Parser(Stream stream, string file, TimeSpan maximumDuration)
    {
        private readonly long length = stream.Length;
        private readonly List<string> warnings = [];
        private uint riffSize;
        private long? longDataSize;
        private WavFormat? format;
        private (long Start, long Size)? data;

        public WavAudio Read()
        {
            ReadRiff();
            ReadChunks();
            if (format is not { } known)
                throw new AudioFileException(file, null, "a chunk \"fmt \"", "none");
            if (data is not { } place)
                throw new AudioFileException(file, null, "a chunk \"data\"", "none");
            return new WavAudio(ReadSamples(known, place.Start, place.Size), known.SampleRate, known.Channels, warnings);
        }

        private void ReadRiff()
        {
            Span<byte> riff = stackalloc byte[12];
            var got = stream.ReadAtLeast(riff, riff.Length, throwOnEndOfStream: false);
            if (got < riff.Length)
                throw new AudioFileException(file, null, "at least 12 bytes", $"{got}");
            if (!(riff.StartsWith("RIFF"u8) || riff.StartsWith("RF64"u8) || riff.StartsWith("BW64"u8)) || !riff.EndsWith("WAVE"u8))
                throw new AudioFileException(file, null, "\"RIFF....WAVE\"", Name(riff[..4]) + "...." + Name(riff[8..]));
            riffSize = BinaryPrimitives.ReadUInt32LittleEndian(riff[4..]);
            if (riffSize != UnknownSize && riffSize + 8L != length)
                warnings.Add($"The header speaks of {riffSize + 8L} bytes, the file has {length}.");
        }

        private void ReadChunks()
        {
            Span<byte> header = stackalloc byte[ChunkHeaderBytes];
            for (var count = 0; stream.Position < length; count++)
            {
                if (count == MaximumChunks)
                    throw new AudioFileException(file, null, $"at most {MaximumChunks} chunks", "more");
                var position = stream.Position;
                // What lies behind the end that the header names is no chunk: often sound whose header was not brought up to date.
                if (format is not null && data is not null && riffSize != UnknownSize && position >= riffSize + 8L)
                    return;
                if (length - position < ChunkHeaderBytes)
                {
                    warnings.Add($"{length - position} bytes after the last chunk are left out.");
                    return;
                }

                stream.ReadExactly(header);
                long size = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
                var start = position + ChunkHeaderBytes;
                if (header.StartsWith("data"u8))
                    size = ReadDataChunk(start, size);
                else if (header.StartsWith("fmt "u8))
                    ReadFormatChunk(start, size);
                else if (header.StartsWith("ds64"u8))
                    ReadLongSizes(start, size);
                else if (size > length - start)
                    warnings.Add($"The chunk {Name(header[..4])} claims {size} bytes, {length - start} are left.");
                // Chunks begin at even places; an odd one is followed by a byte of padding.
                stream.Position = Math.Min(length, start + size + (size & 1));
            }
        }

        private void ReadFormatChunk(long start, long size)
        {
            if (format is not null)
            {
                warnings.Add("A second chunk \"fmt \" is left out.");
                return;
            }

            Span<byte> chunk = stackalloc byte[LongestFormat];
            var there = chunk[..(int)Math.Min(Math.Min(size, length - start), LongestFormat)];
            stream.ReadExactly(there);
            format = WavFormat.Parse(there, file, warnings);
        }

        private void ReadLongSizes(long start, long size)
        {
            Span<byte> sizes = stackalloc byte[16];                          // size of the file, size of the data
            if (Math.Min(size, length - start) < sizes.Length)
                throw new AudioFileException(file, "ds64", "at least 16 bytes", $"{Math.Min(size, length - start)}");
            stream.ReadExactly(sizes);
            var claimed = BinaryPrimitives.ReadUInt64LittleEndian(sizes[8..]);
            longDataSize = (long)Math.Min(claimed, long.MaxValue);
        }

        /// <summary>Notes where the data lies; the result is its true size.</summary>
        private long ReadDataChunk(long start, long size)
        {
            var left = length - start;
            if (size == UnknownSize && longDataSize is { } known)
                size = known;
            if (size == UnknownSize)
            {
                warnings.Add("The size of the data is left open; read to the end of the file.");
                size = left;
            }
            else if (size > left)
            {
                warnings.Add($"The data claim {size} bytes, {left} are left; read to the end of the file.");
                size = left;
            }
            else if (size == 0 && left > 0 && riffSize + 8L <= start)
            {
                // Both sizes were never filled in: a writer that was stopped, or one that could not go back.
                warnings.Add("The sizes in the header were never filled in; read to the end of the file.");
                size = left;
            }

            if (data is null)
                data = (start, size);
            else
                warnings.Add("A second chunk \"data\" is left out.");
            return size;
        }

        private float[] ReadSamples(WavFormat known, long start, long size)
        {
            var frames = size / known.FrameBytes;
            if (size % known.FrameBytes != 0)
                warnings.Add($"The last {size % known.FrameBytes} bytes of the data are not a whole frame of {known.FrameBytes} and are left out.");
            if ((double)frames / known.SampleRate > maximumDuration.TotalSeconds || frames > Array.MaxLength / known.Channels)
            {
                throw new AudioFileException(file, "data", $"at most {maximumDuration.TotalSeconds:0.###} s of sound (and {Array.MaxLength} samples)",
                    $"{(double)frames / known.SampleRate:0.###} s, {frames} frames of {known.Channels} channels");
            }

            var samples = new float[frames * known.Channels];
            var buffer = new byte[Math.Min(BufferBytes / known.SampleBytes * known.SampleBytes, samples.Length * (long)known.SampleBytes)];
            stream.Position = start;
            var broken = 0;
            for (var done = 0; done < samples.Length;)
            {
                var part = samples.AsSpan(done, Math.Min(buffer.Length / known.SampleBytes, samples.Length - done));
                stream.ReadExactly(buffer, 0, part.Length * known.SampleBytes);
                broken += WavSamples.Decode(buffer, known, part);
                done += part.Length;
            }

            if (broken > 0)
                warnings.Add($"{broken} samples are not finite numbers; read as silence.");
            return samples;
        }

        private static string Name(ReadOnlySpan<byte> id) => MalformedFileException.Quote(Encoding.Latin1.GetString(id));
    }
}
