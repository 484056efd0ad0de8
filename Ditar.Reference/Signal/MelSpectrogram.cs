// Log-mel spectrogram for evaluation and pictures: frames of a Hann window, magnitude of the transform, HTK mel triangles, natural logarithm
// with a floor. Frame t is centred on sample t x hop; the signal is taken as zero outside itself. Not differentiable: the spectral
// losses of training are tensor operations elsewhere.

namespace Ditar.Reference.Signal;

/// <summary>Numbers that define a mel spectrogram.</summary>
public sealed record MelSettings
{
    /// <summary>In Hz.</summary>
    public int SampleRate { get; init; } = 16000;

    /// <summary>Length of window and transform, a power of two.</summary>
    public int Window { get; init; } = 1024;

    /// <summary>Samples from frame to frame.</summary>
    public int Hop { get; init; } = 256;

    /// <summary>Mel bands.</summary>
    public int Bands { get; init; } = 80;

    /// <summary>Lower edge of the bands in Hz.</summary>
    public double Low { get; init; }

    /// <summary>Upper edge of the bands in Hz; half the sample rate when null.</summary>
    public double? High { get; init; }

    /// <summary>Mel magnitudes below this are raised to it before the logarithm. Full scale is about a quarter of the window length.</summary>
    public double Floor { get; init; } = 1e-2;
}

/// <summary>Computes log-mel spectrograms; holds scratch, so one for each thread.</summary>
public sealed class MelSpectrogram
{
    private readonly RealFft<float> fft;
    private readonly float[] window, filters, frame, re, im;
    private readonly (int First, int Count)[] extent;   // bins where a band's weights are not zero

    public MelSpectrogram(MelSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (settings.Hop <= 0) throw new ArgumentException($"expected a hop of at least one sample, found {settings.Hop}", nameof(settings));
        if (!(settings.Floor > 0)) throw new ArgumentException($"expected a floor above zero, found {settings.Floor}", nameof(settings));
        Settings = settings;
        fft = new RealFft<float>(settings.Window);
        window = HannWindow(settings.Window);
        filters = MelFilterbank.Create(settings.SampleRate, settings.Window, settings.Bands, settings.Low, settings.High ?? settings.SampleRate / 2.0);
        extent = new (int, int)[settings.Bands];
        for (int band = 0; band < settings.Bands; band++)
        {
            var row = filters.AsSpan(band * fft.Bins, fft.Bins);
            int first = row.IndexOfAnyExcept(0f);
            extent[band] = (first, row.LastIndexOfAnyExcept(0f) - first + 1);
        }

        frame = new float[settings.Window];
        re = new float[fft.Bins];
        im = new float[fft.Bins];
    }

    public MelSettings Settings { get; }

    /// <summary>Number of frames of a signal: one for each hop begun, and at least one.</summary>
    public int FrameCount(int samples) => 1 + samples / Settings.Hop;

    /// <summary>The log-mel spectrogram of a signal.</summary>
    /// <param name="samples">[time], -1..1.</param>
    /// <returns>[1 + time / hop, bands], natural logarithm of magnitude.</returns>
    public FeatureFrames Compute(ReadOnlySpan<float> samples)
    {
        int frames = FrameCount(samples.Length), bands = Settings.Bands;
        var values = new float[frames * bands];
        float floor = (float)Settings.Floor;
        for (int t = 0; t < frames; t++)
        {
            Spectrum(samples, t * Settings.Hop - Settings.Window / 2);
            for (int band = 0; band < bands; band++)
            {
                var (first, count) = extent[band];
                float sum = 0;
                for (int bin = first; bin < first + count; bin++) sum += filters[band * fft.Bins + bin] * re[bin];
                values[t * bands + band] = MathF.Log(MathF.Max(sum, floor));
            }
        }

        return new FeatureFrames(bands, values);
    }

    // Leaves the magnitudes of the window that begins at `start` in `re`.
    private void Spectrum(ReadOnlySpan<float> samples, int start)
    {
        for (int i = 0; i < frame.Length; i++)
        {
            int at = start + i;
            frame[i] = (uint)at < (uint)samples.Length ? samples[at] * window[i] : 0;
        }

        fft.Forward(frame, re, im);
        for (int bin = 0; bin < re.Length; bin++) re[bin] = MathF.Sqrt(re[bin] * re[bin] + im[bin] * im[bin]);
    }

    // The periodic Hann window: its shifts by a whole fraction (of at most half) of its length add up to a constant.
    private static float[] HannWindow(int length)
    {
        var hann = new float[length];
        for (int i = 0; i < length; i++) hann[i] = (float)(0.5 - 0.5 * double.CosPi(2.0 * i / length));
        return hann;
    }
}
