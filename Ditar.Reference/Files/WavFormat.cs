// The "fmt " chunk: how samples are stored. Plain PCM (tag 1), IEEE float (tag 3), and WAVE_FORMAT_EXTENSIBLE (tag 0xFFFE) around either.
// Left out: every compressed codec, which is refused by name.
using System.Buffers.Binary;

namespace Ditar.Reference.Files;

/// <param name="Float">IEEE floats; otherwise integers.</param>
/// <param name="SampleBytes">Bytes that one sample takes: 1 to 4 for integers, 4 or 8 for floats.</param>
internal readonly record struct WavFormat(bool Float, int SampleBytes, int Channels, int SampleRate)
{
    public const int MaximumChannels = 1024;
    public const int MaximumSampleRate = 6_144_000;

    private const int PlainBytes = 16;
    private const int ExtensibleBytes = 40;
    private const ushort PcmTag = 1;
    private const ushort FloatTag = 3;
    private const ushort ExtensibleTag = 0xFFFE;

    public int FrameBytes => SampleBytes * Channels;

    // The 14 bytes that follow the tag in the sub-format of an extensible file: {xxxx0000-0000-0010-8000-00AA00389B71}.
    private static ReadOnlySpan<byte> SubFormatTail => [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];

    /// <param name="chunk">The chunk's content; at most its first 40 bytes matter.</param>
    /// <param name="file">For messages.</param>
    /// <param name="warnings">Gets what was wrong but could be put right.</param>
    /// <exception cref="AudioFileException">The format cannot be read.</exception>
    public static WavFormat Parse(ReadOnlySpan<byte> chunk, string file, List<string> warnings)
    {
        if (chunk.Length < PlainBytes)
            throw Fault(file, $"at least {PlainBytes} bytes", $"{chunk.Length}");
        var tag = BinaryPrimitives.ReadUInt16LittleEndian(chunk);
        var channels = BinaryPrimitives.ReadUInt16LittleEndian(chunk[2..]);
        var rate = BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);
        var blockAlign = BinaryPrimitives.ReadUInt16LittleEndian(chunk[12..]);
        var bits = BinaryPrimitives.ReadUInt16LittleEndian(chunk[14..]);
        if (tag == ExtensibleTag)
            tag = SubFormat(chunk, file);
        if (tag is not (PcmTag or FloatTag))
            throw Fault(file, "PCM or IEEE float samples", CodecName(tag));
        if (channels is 0 or > MaximumChannels)
            throw Fault(file, $"1 to {MaximumChannels} channels", $"{channels}");
        if (rate is 0 or > MaximumSampleRate)
            throw Fault(file, $"a sample rate of 1 to {MaximumSampleRate} Hz", $"{rate}");
        if (tag == FloatTag ? bits is not (32 or 64) : bits is 0 or > 32)
            throw Fault(file, tag == FloatTag ? "32 or 64 bits per float" : "1 to 32 bits per sample", $"{bits}");

        // The standard's container of a sample is the next whole byte; its unused low bits are zero, so they need no attention.
        var sampleBytes = (bits + 7) / 8;
        var format = new WavFormat(tag == FloatTag, sampleBytes, channels, (int)rate);
        if (blockAlign == format.FrameBytes)
            return format;
        // Some writers put 24 bits into containers of four bytes, at the upper end as the standard asks for.
        if (tag == PcmTag && blockAlign == channels * 4 && bits > 16)
        {
            warnings.Add($"{bits}-bit samples are stored in 4 bytes each; read as 32-bit samples.");
            return format with { SampleBytes = 4 };
        }

        warnings.Add($"The block size is given as {blockAlign}, but {channels} channels of {sampleBytes} bytes are {format.FrameBytes}; read as {format.FrameBytes}.");
        return format;
    }

    private static ushort SubFormat(ReadOnlySpan<byte> chunk, string file)
    {
        if (chunk.Length < ExtensibleBytes)
            throw Fault(file, $"{ExtensibleBytes} bytes in the extensible format", $"{chunk.Length}");
        if (!chunk.Slice(26, SubFormatTail.Length).SequenceEqual(SubFormatTail))
            throw Fault(file, "a sub-format that stands for a codec tag", Convert.ToHexString(chunk.Slice(24, 16)));
        return BinaryPrimitives.ReadUInt16LittleEndian(chunk[24..]);
    }

    private static string CodecName(ushort tag) => tag switch
    {
        0x0002 => "Microsoft ADPCM (tag 2)",
        0x0006 => "A-law (tag 6)",
        0x0007 => "mu-law (tag 7)",
        0x0011 => "IMA ADPCM (tag 17)",
        0x0031 => "GSM 6.10 (tag 49)",
        0x0055 => "MP3 (tag 85)",
        _ => $"codec tag {tag}",
    };

    private static AudioFileException Fault(string file, string expected, string found) => new(file, "fmt ", expected, found);
}
