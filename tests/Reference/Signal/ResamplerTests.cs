// The resampler against what it must do to sines, impulses and constants. The filter is designed for 100 dB, which by Kaiser's design is both the
// ripple of the pass band and the leak of the stop band (1e-5 of the amplitude each); the bounds below allow 3 dB more than that.
using System.Buffers;
using Ditar.Reference.Randomness;
using Ditar.Reference.Signal;
using FsCheck;
using FsCheck.Fluent;

namespace Ditar.Tests.Reference.Signal;

public class ResamplerTests
{
    private const double Designed = 100;
    private const double Margin = 3;

    [Theory]
    [InlineData(16000, 48000)]
    [InlineData(48000, 16000)]
    [InlineData(44100, 16000)]
    [InlineData(16000, 44100)]
    [InlineData(22050, 16000)]
    [InlineData(11025, 16000)]
    [InlineData(8000, 16000)]
    [InlineData(44101, 16000)]          // too many phases for a table: interpolated
    [InlineData(16000, 44101)]
    public void A_sine_in_the_pass_band_stays_that_sine(int inputRate, int outputRate)
    {
        foreach (var share in new[] { 0.01, 0.3, 0.7, 0.91 })
        {
            var frequency = share * Math.Min(inputRate, outputRate) / 2;
            var output = Resampler.Resample(Sine(frequency, inputRate, inputRate / 4), inputRate, outputRate);
            var expected = Sine(frequency, outputRate, output.Length);
            var ratio = Decibel(expected, output, expected);
            // From above too: exact sines would mean that the comparison compares nothing.
            Assert.InRange(ratio, Designed - Margin, 170);
        }
    }

    [Theory]
    [InlineData(48000, 16000)]
    [InlineData(44100, 16000)]
    [InlineData(44101, 16000)]
    [InlineData(16000, 8000)]
    public void What_would_fold_back_is_gone(int inputRate, int outputRate)
    {
        for (var frequency = outputRate / 2.0; frequency < inputRate / 2.0; frequency += 0.07 * outputRate)
        {
            var input = Sine(frequency, inputRate, inputRate / 4, phase: 0.3);
            var output = Resampler.Resample(input, inputRate, outputRate);
            Assert.True(Decibel(input, output, new float[output.Length]) > Designed - Margin, $"{frequency} Hz leaks");
        }
    }

    [Theory]
    [InlineData(16000, 48000, 500, 1500)]
    [InlineData(48000, 16000, 1500, 500)]
    [InlineData(16000, 44100, 1600, 4410)]
    public void An_impulse_stays_where_it_is_and_spreads_evenly(int inputRate, int outputRate, int at, int expectedAt)
    {
        var input = new float[3 * at];
        input[at] = 1;
        var output = Resampler.Resample(input, inputRate, outputRate);
        Assert.Equal(expectedAt, Array.IndexOf(output, output.Max()));
        // Both sides come from the same coefficients, computed at opposite distances: equal up to the rounding of the row sums.
        for (var k = 1; k < 100; k++)
            Assert.Equal(output[expectedAt - k], output[expectedAt + k], 1e-6);
        // The area is kept: each input sample spreads a weight of outputRate / inputRate.
        Assert.Equal((double)outputRate / inputRate, output.Sum(value => (double)value), 1e-3);
    }

    [Fact]
    public void A_constant_stays_constant_away_from_the_ends()
    {
        foreach (var (inputRate, outputRate) in new[] { (44100, 16000), (16000, 44101), (8000, 16000) })
        {
            var output = Resampler.Resample(Enumerable.Repeat(0.5f, inputRate / 4).ToArray(), inputRate, outputRate);
            // 442 coefficients, each rounded by at most half of 2^-24 of the largest (0.96 here), and the rounding of the result.
            var bound = 0.5 * (442 * 0.5 + 1) / (1 << 24);
            Assert.All(output[400..^400], value => Assert.InRange(value - 0.5, -bound, bound));
        }
    }

    [Theory]
    [InlineData(0, 16000, 44100, 0)]
    [InlineData(1, 16000, 48000, 3)]
    [InlineData(1, 48000, 16000, 1)]
    [InlineData(44100, 44100, 16000, 16000)]
    [InlineData(44101, 44100, 16000, 16001)]
    [InlineData(1000, 3, 7, 2334)]
    public void The_length_is_the_duration_rounded_up(int count, int inputRate, int outputRate, int expected)
    {
        Assert.Equal(expected, Resampler.Resample(new float[count], inputRate, outputRate).Length);
        Assert.Equal(expected, Resampler.OutputLength(count, inputRate, outputRate));
    }

    [Fact]
    public void Equal_rates_change_nothing()
    {
        var input = Noise(1000);
        Assert.Equal(input, Resampler.Resample(input, 16000, 16000));
        Assert.Equal(input, InPieces(input, 22050, 22050, [7, 300]));
    }

    [Fact]
    public void In_pieces_equals_at_once()
    {
        var cases = from rates in Gen.Elements((16000, 48000), (44100, 16000), (22050, 16000), (44101, 16000), (1000, 999), (100, 3300), (25600, 100))
                    from pieces in Gen.Choose(0, 700).ListOf()
                    select (rates, pieces: pieces.ToArray());
        var input = Noise(3000);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(25).WithReplay(41, 43), Prop.ForAll(cases.ToArbitrary(), one =>
        {
            var whole = Resampler.Resample(input, one.rates.Item1, one.rates.Item2);
            return InPieces(input, one.rates.Item1, one.rates.Item2, one.pieces).AsSpan().SequenceEqual(whole);
        }));
    }

    [Fact]
    public void Outputs_come_as_soon_as_their_inputs_are_there()
    {
        var resampler = new Resampler(16000, 48000);
        var output = new ArrayBufferWriter<float>();
        resampler.Push(new float[1000], output);
        // All but what the filter reaches ahead: 80 input samples, 240 outputs.
        Assert.InRange(output.WrittenCount, 3000 - 3 * 82, 3000 - 3 * 79);
        resampler.Finish(output);
        Assert.Equal(3000, output.WrittenCount);
        Assert.Throws<InvalidOperationException>(() => resampler.Push(new float[1], output));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(-5, 16000)]
    [InlineData(1, 257)]
    [InlineData(768000, 16)]
    public void Rates_that_make_no_sense_are_refused(int inputRate, int outputRate) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Resampler.Resample(new float[10], inputRate, outputRate));

    private static float[] InPieces(float[] input, int inputRate, int outputRate, int[] pieces)
    {
        var output = new ArrayBufferWriter<float>();
        var resampler = new Resampler(inputRate, outputRate);
        var done = 0;
        foreach (var piece in pieces)
        {
            var length = Math.Min(piece, input.Length - done);
            resampler.Push(input.AsSpan(done, length), output);
            done += length;
        }

        resampler.Push(input.AsSpan(done), output);
        resampler.Finish(output);
        resampler.Finish(output);
        return output.WrittenSpan.ToArray();
    }

    private static float[] Sine(double frequency, int rate, int count, double phase = 0.1) =>
        [.. Enumerable.Range(0, count).Select(i => (float)Math.Sin(2 * Math.PI * (frequency * i / rate + phase)))];

    private static float[] Noise(int count)
    {
        var values = new float[count];
        NormalSource.FillNormal(3, 3, 0, values);
        return values;
    }

    /// <summary>Power of the signal over the power of the error in the middle of the sound, where the ends do not reach.</summary>
    private static double Decibel(float[] signal, float[] output, float[] expected)
    {
        var edge = output.Length / 4;
        double error = 0;
        for (var i = edge; i < output.Length - edge; i++)
            error += ((double)output[i] - expected[i]) * ((double)output[i] - expected[i]);
        var power = signal.Sum(value => (double)value * value) / signal.Length;
        return 10 * Math.Log10(power / (error / (output.Length - 2 * edge)));
    }
}
