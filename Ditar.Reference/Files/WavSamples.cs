// Stored samples to floats: integers of n bits are divided by 2^(n-1), 8-bit samples are unsigned around 128.
using System.Buffers.Binary;

namespace Ditar.Reference.Files;

internal static class WavSamples
{
    /// <param name="stored">[count * bytes of a sample].</param>
    /// <param name="destination">[count]; values that are not finite become 0.</param>
    /// <returns>How many values were not finite (floats can be; 64-bit ones also when they exceed a float).</returns>
    public static int Decode(ReadOnlySpan<byte> stored, WavFormat format, Span<float> destination)
    {
        switch (format.Float, format.SampleBytes)
        {
            case (false, 1):
                for (var i = 0; i < destination.Length; i++)
                    destination[i] = (stored[i] - 128) * (1f / 128);
                return 0;
            case (false, 2):
                for (var i = 0; i < destination.Length; i++)
                    destination[i] = BinaryPrimitives.ReadInt16LittleEndian(stored[(2 * i)..]) * (1f / 32768);
                return 0;
            case (false, 3):
                for (var i = 0; i < destination.Length; i++)
                    destination[i] = (stored[3 * i] | stored[3 * i + 1] << 8 | (sbyte)stored[3 * i + 2] << 16) * (1f / 8388608);
                return 0;
            case (false, 4):
                for (var i = 0; i < destination.Length; i++)
                    destination[i] = BinaryPrimitives.ReadInt32LittleEndian(stored[(4 * i)..]) * (1f / 2147483648);
                return 0;
            case (true, 4):
                for (var i = 0; i < destination.Length; i++)
                    destination[i] = BinaryPrimitives.ReadSingleLittleEndian(stored[(4 * i)..]);
                return Silence(destination);
            default:
                for (var i = 0; i < destination.Length; i++)
                    destination[i] = (float)BinaryPrimitives.ReadDoubleLittleEndian(stored[(8 * i)..]);
                return Silence(destination);
        }
    }

    private static int Silence(Span<float> samples)
    {
        var count = 0;
        foreach (ref var sample in samples)
        {
            if (float.IsFinite(sample))
                continue;
            sample = 0;
            count++;
        }

        return count;
    }
}
