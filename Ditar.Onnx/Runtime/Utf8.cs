// Strings for the native side, null-terminated, freed at the end of a block.

using System.Runtime.InteropServices;

namespace Ditar.Onnx;

/// <summary>A list of strings as const char* const*.</summary>
internal sealed unsafe class Utf8 : IDisposable
{
    private readonly int count;

    public Utf8(params ReadOnlySpan<string> texts)
    {
        count = texts.Length;
        Pointers = (byte**)NativeMemory.AllocZeroed((nuint)Math.Max(1, count), (nuint)sizeof(byte*));
        for (var i = 0; i < count; i++) Pointers[i] = (byte*)Marshal.StringToCoTaskMemUTF8(texts[i]);
    }

    public byte** Pointers { get; private set; }

    public byte* First => Pointers[0];

    public void Dispose()
    {
        if (Pointers is null) return;
        for (var i = 0; i < count; i++) Marshal.FreeCoTaskMem((nint)Pointers[i]);
        NativeMemory.Free(Pointers);
        Pointers = null;
    }
}
