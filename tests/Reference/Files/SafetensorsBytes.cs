// Hand-made safetensors files for the tests: any header text over any number of data bytes.
using System.Buffers.Binary;
using System.Text;

namespace Ditar.Tests.Reference.Files;

internal static class SafetensorsBytes
{
    public static byte[] Make(string header, int dataBytes, ulong? claimedHeaderLength = null) =>
        Make(Encoding.UTF8.GetBytes(header), dataBytes, claimedHeaderLength);

    public static byte[] Make(byte[] header, int dataBytes, ulong? claimedHeaderLength = null)
    {
        var file = new byte[8 + header.Length + dataBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(file, claimedHeaderLength ?? (ulong)header.Length);
        header.CopyTo(file, 8);
        for (var i = 8 + header.Length; i < file.Length; i++)
            file[i] = (byte)i;
        return file;
    }
}
