// Changes the sample rate of one channel by any rational factor L/M: output j is the input, low-pass filtered, at time j M/L (in input samples).
// The filter is symmetric and centred on that time, so sound is not delayed; silence is assumed before the first and after the last sample.
// In pieces or at once, the result is the same to the last bit. Left out: rates that drift, several channels (use one object for each).
using System.Buffers;

namespace Ditar.Reference.Signal;

public sealed class Resampler
{
    /// <summary>Largest factor between the two rates, either way.</summary>
    public const int MaximumRatio = 256;

    private readonly int up;
    private readonly int down;
    private readonly ResamplerFilter? filter;

    // The input from sample `first` on; it starts with silence that the filter reaches before the sound begins.
    private float[] pending;
    private int pendingCount;
    private long first;
    private long received;
    private long produced;
    private bool finished;

    /// <param name="inputRate">Samples per second that come in.</param>
    /// <param name="outputRate">Samples per second that go out.</param>
    /// <exception cref="ArgumentOutOfRangeException">A rate is not positive, or their ratio is beyond 256.</exception>
    public Resampler(int inputRate, int outputRate)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inputRate, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outputRate, 1);
        if ((long)inputRate * MaximumRatio < outputRate || (long)outputRate * MaximumRatio < inputRate)
            throw new ArgumentOutOfRangeException(nameof(outputRate), outputRate, $"Cannot go from {inputRate} to {outputRate} Hz: more than a factor of {MaximumRatio}.");
        var divisor = (int)System.Numerics.BigInteger.GreatestCommonDivisor(inputRate, outputRate);
        up = outputRate / divisor;
        down = inputRate / divisor;
        filter = up == down ? null : new ResamplerFilter(up, down);
        pendingCount = filter is null ? 0 : filter.HalfWidth - 1;
        pending = new float[pendingCount];
        first = -pendingCount;
    }

    /// <summary>ceil(count L/M): as many outputs as lie within the duration of the input.</summary>
    public static long OutputLength(long count, int inputRate, int outputRate) => (long)(((Int128)count * outputRate + inputRate - 1) / inputRate);

    /// <summary>A whole sound at once.</summary>
    /// <param name="samples">[time]</param>
    /// <returns>[ceil(time * outputRate / inputRate)]</returns>
    public static float[] Resample(ReadOnlySpan<float> samples, int inputRate, int outputRate)
    {
        var resampler = new Resampler(inputRate, outputRate);
        var output = new ArrayBufferWriter<float>((int)Math.Min(Array.MaxLength, OutputLength(samples.Length, inputRate, outputRate) + 1));
        resampler.Push(samples, output);
        resampler.Finish(output);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Takes the next piece and writes every output that no later input can change.</summary>
    /// <param name="samples">[time], of any length.</param>
    public void Push(ReadOnlySpan<float> samples, IBufferWriter<float> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (finished)
            throw new InvalidOperationException("The sound has been finished; a new one needs a new resampler.");
        received += samples.Length;
        if (filter is null)
        {
            output.Write(samples);
            return;
        }

        Append(samples);
        Produce(filter, output, long.MaxValue);
    }

    /// <summary>Ends the sound: writes what the filter still holds, as if silence followed.</summary>
    public void Finish(IBufferWriter<float> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (finished)
            return;
        finished = true;
        if (filter is null)
            return;
        Append(new float[filter.HalfWidth]);
        Produce(filter, output, OutputLength(received, down, up));
    }

    private void Append(ReadOnlySpan<float> samples)
    {
        if (pending.Length - pendingCount < samples.Length)
            Array.Resize(ref pending, Math.Max(pending.Length * 2, pendingCount + samples.Length));
        samples.CopyTo(pending.AsSpan(pendingCount));
        pendingCount += samples.Length;
    }

    private void Produce(ResamplerFilter taps, IBufferWriter<float> output, long end)
    {
        for (; produced < end; produced++)
        {
            var (whole, phase) = Math.DivRem(produced * down, up);
            var start = (int)(whole + 1 - taps.HalfWidth - first);
            if (start + taps.Taps > pendingCount)
                break;
            output.GetSpan(1)[0] = taps.Apply(pending.AsSpan(start, taps.Taps), (int)phase, up);
            output.Advance(1);
        }

        // Keep what the next output still needs.
        var needed = (int)Math.Min(pendingCount, produced * down / up + 1 - taps.HalfWidth - first);
        pending.AsSpan(needed, pendingCount - needed).CopyTo(pending);
        pendingCount -= needed;
        first += needed;
    }
}
