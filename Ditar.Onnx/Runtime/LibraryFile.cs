// What kind of library a file is, from its first bytes: ELF, PE or Mach-O, and the machine it was built for. Asked when a library cannot be loaded, because
// the system's own message seldom says that it is one for another processor.

using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Ditar.Onnx;

internal static class LibraryFile
{
    private const int HeadBytes = 4096;

    /// <summary>"linux-x64" and the like, as platforms are named in .deps/onnxruntime.</summary>
    public static string ThisPlatform { get; } =
        $"{(OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")}-{Name(RuntimeInformation.ProcessArchitecture)}";

    /// <summary>The platform that a file was built for, or null when it is no library that we know.</summary>
    public static string? PlatformOf(string path)
    {
        var head = new byte[HeadBytes];
        using (var file = File.OpenRead(path)) head = head[..file.ReadAtLeast(head, HeadBytes, throwOnEndOfStream: false)];
        return PlatformOf(head);
    }

    internal static string? PlatformOf(ReadOnlySpan<byte> head)
    {
        // ELF: e_machine at 18; PE: the offset of its header at 60, the machine 4 bytes in; Mach-O: the processor at 4.
        if (head.Length >= 20 && head[..4].SequenceEqual("\u007fELF"u8)) return "linux-" + Machine(BinaryPrimitives.ReadUInt16LittleEndian(head[18..]));
        if (head.Length >= 64 && head[..2].SequenceEqual("MZ"u8))
        {
            var at = BinaryPrimitives.ReadUInt32LittleEndian(head[60..]);
            return at > (uint)head.Length - 6 ? null : "win-" + Machine(BinaryPrimitives.ReadUInt16LittleEndian(head[(int)(at + 4)..]));
        }

        return head.Length >= 8 && BinaryPrimitives.ReadUInt32LittleEndian(head) == 0xFEEDFACF ? "osx-" + Machine(BinaryPrimitives.ReadUInt32LittleEndian(head[4..])) : null;
    }

    // The three formats number the processors differently, but no number means two of them.
    private static string Machine(uint number) => number switch
    {
        0x3E or 0x8664 or 0x01000007 => Name(Architecture.X64),
        0xB7 or 0xAA64 or 0x0100000C => Name(Architecture.Arm64),
        _ => $"machine-{number:x}",
    };

    private static string Name(Architecture architecture) => architecture.ToString().ToLowerInvariant();
}
