// Mel filters and the log-mel spectrogram on signals whose answer is known.

using Ditar.Reference.Signal;

namespace Ditar.Tests.Reference;

public class MelSpectrogramTests
{
    private static float[] Sine(double hertz, int samples, float amplitude = 0.5f) =>
        [.. Enumerable.Range(0, samples).Select(t => amplitude * (float)Math.Sin(2 * Math.PI * hertz * t / 16000))];

    [Fact]
    public void A_thousand_hertz_is_a_thousand_mel_and_the_scale_turns_back()
    {
        Assert.Equal(1000, MelFilterbank.Mel(1000), 0.02); // HTK's constants make it 999.99
        foreach (double f in (double[])[0, 55, 440, 8000]) Assert.Equal(f, MelFilterbank.Hertz(MelFilterbank.Mel(f)), 1e-9 * (f + 1));
    }

    [Fact]
    public void Neighbouring_triangles_add_up_to_one()
    {
        const int bins = 513, bands = 80;
        float[] filters = MelFilterbank.Create(16000, 1024, bands, 0, 8000);
        double step = MelFilterbank.Mel(8000) / (bands + 1), first = MelFilterbank.Hertz(step), last = MelFilterbank.Hertz(step * bands);
        for (int bin = 0; bin < bins; bin++)
        {
            double f = bin * 16000.0 / 1024, sum = 0;
            for (int band = 0; band < bands; band++) sum += filters[band * bins + bin];
            // On mel triangles with straight sides in Hz the rising side of one is the falling side of the last: they add to one between
            // the outer centres. Two single roundings.
            if (f >= first && f <= last) Assert.Equal(1, sum, 2 * Math.Pow(2, -24));
            else Assert.InRange(sum, 0, 1);
        }
    }

    [Fact]
    public void A_tone_is_loudest_in_the_band_around_it_at_the_expected_level()
    {
        var mel = new MelSpectrogram(new MelSettings());
        const double hertz = 1000; // bin 64 exactly
        var frames = mel.Compute(Sine(hertz, 16000));
        Assert.Equal(16000 / 256 + 1, frames.Frames);
        var middle = frames[frames.Frames / 2];
        int loudest = 0;
        for (int band = 1; band < middle.Length; band++) if (middle[band] > middle[loudest]) loudest = band;
        double step = MelFilterbank.Mel(8000) / 81;
        Assert.InRange(MelFilterbank.Mel(hertz), step * loudest, step * (loudest + 2));
        // A tone of amplitude A on a bin gives A n / 4 there and half of it on both neighbours: between half of the peak and twice the peak
        // is left of it by triangles that peak at one.
        double peak = 0.5 * 1024 / 4;
        Assert.InRange(middle[loudest], Math.Log(peak / 2), Math.Log(peak * 2));
    }

    [Fact]
    public void Silence_is_the_floor_and_twice_as_loud_is_log_two_more()
    {
        var mel = new MelSpectrogram(new MelSettings { Window = 512, Hop = 160, Bands = 40 });
        Assert.All(mel.Compute(new float[1000]).Values, v => Assert.Equal(MathF.Log(0.01f), v));

        float[] once = Sine(440, 4000, 0.2f), twice = [.. once.Select(v => 2 * v)];
        var quiet = mel.Compute(once);
        var loud = mel.Compute(twice);
        int compared = 0;
        for (int i = 0; i < quiet.Values.Length; i++)
        {
            if (quiet.Values[i] <= MathF.Log(0.011f)) continue;
            // Doubling is exact in floating point, so only the logarithms round: values of up to 8 in float.
            Assert.Equal(Math.Log(2), loud.Values[i] - quiet.Values[i], 4 * 8 * Math.Pow(2, -24));
            compared++;
        }

        Assert.True(compared > 200, $"only {compared} values above the floor");
    }

    [Fact]
    public void Frames_are_centred()
    {
        var mel = new MelSpectrogram(new MelSettings { Window = 512, Hop = 128, Bands = 20 });
        var click = new float[4096];
        click[1280] = 1;
        var frames = mel.Compute(click);
        double[] loudness = [.. Enumerable.Range(0, frames.Frames).Select(t => (double)frames[t][10])];
        Assert.Equal(1280 / 128, Array.IndexOf(loudness, loudness.Max()));
    }

    [Fact]
    public void Signals_shorter_than_a_window_and_empty_ones_have_a_frame()
    {
        var mel = new MelSpectrogram(new MelSettings());
        Assert.Equal(1, mel.Compute([]).Frames);
        Assert.Equal(1, mel.Compute(new float[100]).Frames);
    }

    [Fact]
    public void Impossible_settings_are_refused()
    {
        Assert.Throws<ArgumentException>(() => MelFilterbank.Create(16000, 256, 80, 0, 8000)); // bands between bins
        Assert.Throws<ArgumentException>(() => MelFilterbank.Create(16000, 1024, 80, 0, 9000));
        Assert.Throws<ArgumentException>(() => new MelSpectrogram(new MelSettings { Floor = 0 }));
        Assert.Throws<ArgumentException>(() => new MelSpectrogram(new MelSettings { Hop = 0 }));
        Assert.Throws<ArgumentException>(() => new FeatureFrames(3, new float[4]));
    }
}
