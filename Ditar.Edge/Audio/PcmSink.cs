// Sound as raw samples, 16 bits, little-endian, one channel, into a stream: `-o -` and the players.

using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Ditar.Edge;

internal sealed class PcmSink(string name, Stream stream) : ISpeechSink
{
    public string Name { get; } = name;

    /// <exception cref="SpeechException">Standard output is a terminal.</exception>
    public static PcmSink ToStandardOutput()
    {
        if (!Console.IsOutputRedirected) throw new SpeechException("standard output is a terminal; send the samples into a file or a program, or give '-o FILE.wav'");
        // The console's own stream ignores that nobody reads any more, and we would speak on to no one.
        var stream = OperatingSystem.IsWindows()
            ? Console.OpenStandardOutput()
            : new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return new PcmSink("standard output", stream);
    }

    public void Append(ReadOnlySpan<float> samples)
    {
        var bytes = new byte[2 * samples.Length];
        for (var i = 0; i < samples.Length; i++)
        {
            var value = (short)Math.Clamp(MathF.Round(samples[i] * 32768), short.MinValue, short.MaxValue);
            BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(2 * i), value);
        }

        try
        {
            stream.Write(bytes);
            stream.Flush();
        }
        catch (IOException fault)
        {
            throw new IOException($"cannot write to {Name}: {fault.Message}", fault);
        }
    }

    public void Keep()
    {
    }

    public void Dispose() => stream.Dispose();
}
