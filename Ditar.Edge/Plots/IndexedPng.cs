// The smallest PNG that a browser shows: one byte per pixel into a palette, rows unfiltered (RFC 2083). For the spectrogram inside an SVG.
// Left out: everything else that PNG can do.

using System.Buffers.Binary;
using System.IO.Compression;

namespace Ditar.Edge;

internal static class IndexedPng
{
    private static readonly uint[] CrcTable = BuildCrcTable();

    /// <param name="pixels">[height * width], numbers of colours.</param>
    /// <param name="palette">[colours * 3], red, green, blue; at most 256 colours.</param>
    public static byte[] Encode(ReadOnlySpan<byte> pixels, int width, int height, ReadOnlySpan<byte> palette)
    {
        if (pixels.Length != width * height) throw new ArgumentException($"{width} x {height} pixels expected, found {pixels.Length}.", nameof(pixels));
        using var png = new MemoryStream();
        png.Write([0x89, (byte)'P', (byte)'N', (byte)'G', (byte)'\r', (byte)'\n', 0x1A, (byte)'\n']);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        header[8] = 8;                                                                             // bits of a pixel
        header[9] = 3;                                                                             // which is a number of the palette
        Chunk(png, "IHDR"u8, header);
        Chunk(png, "PLTE"u8, palette);
        Chunk(png, "IDAT"u8, Compressed(pixels, width));
        Chunk(png, "IEND"u8, []);
        return png.ToArray();
    }

    private static byte[] Compressed(ReadOnlySpan<byte> pixels, int width)
    {
        using var data = new MemoryStream();
        using (var zlib = new ZLibStream(data, CompressionLevel.Optimal))
        {
            for (var row = 0; row < pixels.Length; row += width)
            {
                zlib.WriteByte(0);                                                                 // filter of the row: none
                zlib.Write(pixels.Slice(row, width));
            }
        }

        return data.ToArray();
    }

    private static void Chunk(Stream png, ReadOnlySpan<byte> type, ReadOnlySpan<byte> content)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        png.Write(number);
        png.Write(type);
        png.Write(content);
        BinaryPrimitives.WriteUInt32BigEndian(number, ~Crc(Crc(0xFFFFFFFF, type), content));
        png.Write(number);
    }

    private static uint Crc(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes) crc = CrcTable[(byte)(crc ^ value)] ^ (crc >> 8);
        return crc;
    }

    private static uint[] BuildCrcTable()
    {
        var table = new uint[256];
        for (var i = 0u; i < table.Length; i++)
        {
            var crc = i;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) == 0 ? crc >> 1 : 0xEDB88320 ^ (crc >> 1);
            table[i] = crc;
        }

        return table;
    }
}
