// Sound as raw samples, 16 bits, little-endian, one channel, into a stream: `-o -` and the players.

using System.Buffers.Binary;

namespace Ditar.Edge;

internal sealed class PcmSink(string name, Stream stream) : ISpeechSink
{
    public string Name { get; } = name;

    public void Append(ReadOnlySpan<float> samples)
    {
        var bytes = new byte[2 * samples.Length];
        for (var i = 0; i < samples.Length; i++)
        {
            var value = (short)Math.Clamp(MathF.Round(samples[i] * 32768), short.MinValue, short.MaxValue);
            BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(2 * i), value);
        }

        stream.Write(bytes);
        stream.Flush();
    }

    public void Keep()
    {
    }

    public void Dispose() => stream.Dispose();
}
