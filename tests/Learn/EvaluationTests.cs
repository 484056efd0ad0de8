// The measures of evaluation on inputs whose answer is known by hand.

using Ditar.Learn;
using Ditar.Reference.Signal;

namespace Ditar.Tests.Learn;

public class EvaluationTests
{
    private static FeatureFrames Frames(params float[] values) => new(1, values);

    // A buzz of ten harmonics that glides: enough spectrum for cepstra, and a pitch.
    private static float[] Buzz(double from, double to, int samples)
    {
        var x = new float[samples];
        double phase = 0;
        for (int t = 0; t < samples; t++)
        {
            phase += 2 * Math.PI * (from + (to - from) * t / samples) / 16000;
            for (int k = 1; k <= 10; k++) x[t] += (float)(0.2 / k * Math.Sin(k * phase));
        }

        return x;
    }

    private static float[] Noise(int samples, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, samples).Select(_ => (float)(random.NextDouble() - 0.5))];
    }

    [Fact]
    public void Warping_follows_a_stretched_sequence_at_no_cost()
    {
        var path = DynamicTimeWarping.Align(Frames(1, 2, 3), Frames(1, 1, 2, 3, 3));
        Assert.Equal(0, path.Cost);
        Assert.Equal([(0, 0), (0, 1), (1, 2), (2, 3), (2, 4)], path.Pairs);
    }

    [Fact]
    public void Warping_finds_the_cheapest_of_all_paths()
    {
        var random = new Random(11);
        for (int trial = 0; trial < 30; trial++)
        {
            float[] a = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => (float)random.Next(10))];
            float[] b = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => (float)random.Next(10))];
            var path = DynamicTimeWarping.Align(Frames(a), Frames(b));
            // Small whole numbers: sums are exact.
            Assert.Equal(Brute(a, b, 0, 0), path.Cost);
            Assert.Equal(path.Cost, path.Pairs.Sum(p => Math.Abs(a[p.First] - b[p.Second])));
            Assert.Equal((0, 0), path.Pairs[0]);
            Assert.Equal((a.Length - 1, b.Length - 1), path.Pairs[^1]);
            Assert.All(path.Pairs.Zip(path.Pairs.Skip(1)), s => Assert.True((s.Second.First - s.First.First, s.Second.Second - s.First.Second) is (1, 1) or (1, 0) or (0, 1)));
        }

        static double Brute(float[] a, float[] b, int i, int j)
        {
            double here = Math.Abs(a[i] - b[j]), best = double.PositiveInfinity;
            if (i == a.Length - 1 && j == b.Length - 1) return here;
            if (i + 1 < a.Length) best = Math.Min(best, Brute(a, b, i + 1, j));
            if (j + 1 < b.Length) best = Math.Min(best, Brute(a, b, i, j + 1));
            if (i + 1 < a.Length && j + 1 < b.Length) best = Math.Min(best, Brute(a, b, i + 1, j + 1));
            return here + best;
        }
    }

    [Fact]
    public void Warping_refuses_empty_and_unlike_sequences()
    {
        Assert.Throws<ArgumentException>(() => DynamicTimeWarping.Align(Frames(), Frames(1)));
        Assert.Throws<ArgumentException>(() => DynamicTimeWarping.Align(Frames(1, 2), new FeatureFrames(2, [1, 2])));
    }

    [Fact]
    public void Distortion_is_the_root_mean_square_difference_of_log_spectra_in_decibels()
    {
        // Two flat log spectra, one with a ripple of the third cepstral coefficient on it: amplitude 0.5 neper, whose rms is 0.5 / sqrt 2.
        const int bands = 40;
        var flat = new FeatureFrames(bands, new float[bands]);
        var ripple = new FeatureFrames(bands, [.. Enumerable.Range(0, bands).Select(m => (float)(1 + 0.5 * Math.Cos(Math.PI * 3 * (m + 0.5) / bands)))]);
        double decibels = MelCepstrum.Distortion(MelCepstrum.FromLogMel(ripple), MelCepstrum.FromLogMel(flat));
        double expected = 20 / Math.Log(10) * 0.5 / Math.Sqrt(2);
        // Forty rounded products: relative 40 roundings. The constant 1 (loudness) must not count.
        Assert.InRange(decibels / expected, 1 - 40 * Math.Pow(2, -23), 1 + 40 * Math.Pow(2, -23));
    }

    [Fact]
    public void Distortion_ignores_loudness_and_tells_sounds_apart()
    {
        float[] buzz = Buzz(120, 150, 12000), noise = Noise(12000, 1);
        Assert.Equal(0, MelCepstrum.Distortion(buzz, buzz));
        double louder = MelCepstrum.Distortion([.. buzz.Select(v => 1.5f * v)], buzz), other = MelCepstrum.Distortion(noise, buzz);
        Assert.True(louder < 0.05 * other, $"louder {louder:F2} dB, other {other:F2} dB");
        Assert.True(other > 5, $"{other:F2} dB");
    }

    [Fact]
    public void Unwarped_distortion_feels_a_shift_that_warping_forgives()
    {
        float[] late = [.. new float[1600], .. Buzz(120, 150, 8000)], early = [.. Buzz(120, 150, 8000), .. new float[1600]];
        FeatureFrames a = MelCepstrum.Compute(late), b = MelCepstrum.Compute(early);
        Assert.True(MelCepstrum.Distortion(a, b) < 0.7 * MelCepstrum.DistortionUnwarped(a, b));
        Assert.Throws<ArgumentException>(() => MelCepstrum.DistortionUnwarped(a, MelCepstrum.Compute(new float[100])));
    }

    [Fact]
    public void Retrieval_finds_a_slower_and_quieter_reading()
    {
        float[][] readings = [Buzz(100, 300, 8000), Buzz(300, 100, 8000), Buzz(200, 200, 8000), Noise(8000, 3)];
        var retrieval = new Retrieval(readings);
        Assert.Equal(4, retrieval.Count);
        float[] slow = [.. Buzz(300, 100, 10000).Select(v => 0.8f * v)];
        Assert.Equal(1, retrieval.Nearest(slow));
        Assert.Equal(0, retrieval.Distances(readings[2])[2]);
    }

    [Theory]
    [InlineData("one two three", "one two three", 0, 0, 0)]
    [InlineData("one two three", "one four three", 1, 0, 0)]
    [InlineData("one two three", "one three", 0, 1, 0)]
    [InlineData("one two", "one one two", 0, 0, 1)]
    [InlineData("one two three", "", 0, 3, 0)]
    [InlineData("", "five", 0, 0, 1)]
    [InlineData("one two three four", "two three four five", 0, 1, 1)]
    public void Word_errors_are_counted(string expected, string heard, int substitutions, int deletions, int insertions)
    {
        int words = expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
        Assert.Equal(new WordErrors(words, substitutions, deletions, insertions), WordErrorRate.Count(expected, heard));
    }

    [Fact]
    public void Word_errors_add_up()
    {
        var sum = WordErrorRate.Count("one two three", "one") + WordErrorRate.Count("four", "five");
        Assert.Equal(new WordErrors(4, 1, 2, 0), sum);
        Assert.Equal(0.75, sum.Rate);
        Assert.True(double.IsNaN(default(WordErrors).Rate));
    }

    [Theory]
    [InlineData(80)]
    [InlineData(103)]
    [InlineData(174)]
    [InlineData(290)]
    public void Pitch_is_found(double hertz)
    {
        // Lags are whole samples: half a sample at this pitch is the error that remains.
        double slack = hertz * hertz / 16000 * 0.75;
        Assert.InRange(FundamentalFrequency.Median([.. new float[4000], .. Buzz(hertz, hertz, 16000)])!.Value, hertz - slack, hertz + slack);
    }

    [Fact]
    public void Noise_and_silence_have_no_pitch()
    {
        Assert.Null(FundamentalFrequency.Median(Noise(16000, 5)));
        Assert.Null(FundamentalFrequency.Median(new float[16000]));
        Assert.Null(FundamentalFrequency.Median([]));
    }

    [Fact]
    public void Lengths_are_scored()
    {
        var score = LengthScore.Of([(10, 10, true), (12.5, 10, true), (13, 10, true), (11, 10, false)]);
        Assert.Equal(4, score.Utterances);
        Assert.Equal(1.1625, score.MeanRatio, 1e-12);
        Assert.Equal(0.5, score.WithinQuarter); // running into the limit is no stop, whatever the length
        Assert.Equal(1, score.AtLimit);
        Assert.Throws<ArgumentException>(() => LengthScore.Of([]));
    }
}
