// Hand-made WAV files for the tests, chunk by chunk, with any size field.
using System.Buffers.Binary;
using System.Text;

namespace Ditar.Tests.Reference.Files;

internal static class WavBytes
{
    public static byte[] Riff(params byte[][] chunks) => RiffSized(null, chunks);

    public static byte[] RiffSized(uint? claimed, params byte[][] chunks)
    {
        byte[] body = [.. "WAVE"u8, .. chunks.SelectMany(chunk => chunk)];
        return [.. "RIFF"u8, .. Number(claimed ?? (uint)body.Length), .. body];
    }

    public static byte[] Chunk(string id, byte[] content, uint? claimed = null) =>
        [.. Encoding.ASCII.GetBytes(id), .. Number(claimed ?? (uint)content.Length), .. content, .. new byte[content.Length & 1]];

    public static byte[] Format(int tag, int channels, uint rate, int bits, int? blockAlign = null)
    {
        var align = blockAlign ?? channels * ((bits + 7) / 8);
        return Chunk("fmt ", [.. Short(tag), .. Short(channels), .. Number(rate), .. Number(rate * (uint)align), .. Short(align), .. Short(bits)]);
    }

    public static byte[] Extensible(int tag, int channels, uint rate, int bits, int validBits, byte lastGuidByte = 0x71)
    {
        var align = channels * bits / 8;
        return Chunk("fmt ",
        [
            .. Short(0xFFFE), .. Short(channels), .. Number(rate), .. Number(rate * (uint)align), .. Short(align), .. Short(bits),
            .. Short(22), .. Short(validBits), .. Number(3), .. Short(tag), 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, lastGuidByte,
        ]);
    }

    public static byte[] Short(int value)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)value);
        return bytes;
    }

    public static byte[] Number(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }
}
