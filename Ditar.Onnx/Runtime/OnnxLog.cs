// What ONNX Runtime says while it works. Each session gets a log of its own, so that a graph can be shown to load without warnings; what belongs to no
// session goes to the library's log. The native side keeps a number, not a pointer: a message that comes late finds no log and is dropped.

using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Ditar.Onnx;

/// <summary>From what level on messages are kept, in ONNX Runtime's numbers.</summary>
public enum OnnxSeverity
{
    Verbose = 0,
    Information = 1,
    Warning = 2,
    Error = 3,
    Fatal = 4,
}

/// <param name="Category">The part of ONNX Runtime that speaks, usually "onnxruntime".</param>
public sealed record OnnxMessage(OnnxSeverity Severity, string Category, string Text)
{
    public override string ToString() => $"{Severity}: {Text}";
}

internal sealed unsafe class OnnxLog : IDisposable
{
    // A graph that warns at every run must not fill the memory.
    private const int Most = 10_000;

    private static readonly ConcurrentDictionary<nint, OnnxLog> All = new();
    private static long last;

    private readonly ConcurrentQueue<OnnxMessage> messages = new();

    public OnnxLog()
    {
        Number = (nint)Interlocked.Increment(ref last);
        All[Number] = this;
    }

    /// <summary>void (void* number, int severity, category, log id, code location, message).</summary>
    public static nint Function => (nint)(delegate* unmanaged<nint, int, byte*, byte*, byte*, byte*, void>)&Hear;

    /// <summary>What the native side passes back.</summary>
    public nint Number { get; }

    public IReadOnlyList<OnnxMessage> Messages => [.. messages];

    public void Dispose() => All.TryRemove(Number, out _);

    [UnmanagedCallersOnly]
    private static void Hear(nint number, int severity, byte* category, byte* id, byte* location, byte* text)
    {
        if (All.TryGetValue(number, out var log) && log.messages.Count < Most)
            log.messages.Enqueue(new OnnxMessage((OnnxSeverity)severity, OrtApi.Text(category), OrtApi.Text(text)));
    }
}
