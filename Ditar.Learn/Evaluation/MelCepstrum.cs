// Mel-cepstral distortion (Kubichek 1993) between two recordings of the same words, after time warping.
// The cepstrum is that of a log-mel magnitude spectrum: log|X(w)| = c0 + sum_k c_k cos(k w) on the mel axis, so
//   c_k = 2 / M sum_m log|X_m| cos(pi k (m + 1/2) / M).
// The root mean square over w of the difference of two log spectra (c0, the loudness, left aside) is sqrt(sum_k d_k^2 / 2) nepers;
// in decibels, times 20 / ln 10, that is (10 / ln 10) sqrt(2 sum_k d_k^2): the usual formula. Numbers from other front ends (STRAIGHT, WORLD)
// do not compare with these.

using Ditar.Reference.Signal;

namespace Ditar.Learn;

/// <summary>Mel cepstra and their distortion.</summary>
public static class MelCepstrum
{
    /// <summary>Coefficients c1 to c13.</summary>
    public const int Coefficients = 13;

    // 25 ms windows would be 400 samples; 512 is the power of two at hand. 10 ms from frame to frame.
    private static readonly MelSettings Settings = new() { Window = 512, Hop = 160, Bands = 40, Floor = 1e-3 };

    private static readonly double DecibelsPerNeper = 10 / Math.Log(10) * Math.Sqrt(2);

    /// <summary>The cepstra of a 16 kHz signal.</summary>
    /// <param name="samples">[time], -1..1.</param>
    /// <returns>[frames, 13], c1 to c13 every 10 ms.</returns>
    public static FeatureFrames Compute(ReadOnlySpan<float> samples) => FromLogMel(new MelSpectrogram(Settings).Compute(samples));

    /// <summary>Cepstra of log-mel frames.</summary>
    /// <param name="logMel">[frames, bands], natural logarithm of magnitude.</param>
    /// <returns>[frames, 13].</returns>
    public static FeatureFrames FromLogMel(FeatureFrames logMel)
    {
        ArgumentNullException.ThrowIfNull(logMel);
        int bands = logMel.Dim;
        var basis = new double[Coefficients * bands];
        for (int k = 0; k < Coefficients; k++)
            for (int m = 0; m < bands; m++)
                basis[k * bands + m] = 2.0 / bands * double.CosPi((k + 1) * (m + 0.5) / bands);

        var values = new float[logMel.Frames * Coefficients];
        for (int t = 0; t < logMel.Frames; t++)
        {
            var frame = logMel[t];
            for (int k = 0; k < Coefficients; k++)
            {
                double sum = 0;
                for (int m = 0; m < bands; m++) sum += basis[k * bands + m] * frame[m];
                values[t * Coefficients + k] = (float)sum;
            }
        }

        return new FeatureFrames(Coefficients, values);
    }

    /// <summary>Mel-cepstral distortion in dB, mean over the pairs of the best alignment; 0 for equal signals.</summary>
    /// <param name="samples">[time1], 16 kHz, -1..1.</param>
    /// <param name="reference">[time2].</param>
    public static double Distortion(ReadOnlySpan<float> samples, ReadOnlySpan<float> reference) => Distortion(Compute(samples), Compute(reference));

    /// <summary>Mel-cepstral distortion in dB between cepstra.</summary>
    public static double Distortion(FeatureFrames cepstra, FeatureFrames reference) =>
        DecibelsPerNeper * DynamicTimeWarping.Align(cepstra, reference).MeanCost;

    /// <summary>Distortion in dB frame against frame, without warping; for reconstructions, which keep the time.</summary>
    /// <exception cref="ArgumentException">The numbers of frames differ.</exception>
    public static double DistortionUnwarped(FeatureFrames cepstra, FeatureFrames reference)
    {
        ArgumentNullException.ThrowIfNull(cepstra);
        ArgumentNullException.ThrowIfNull(reference);
        if (cepstra.Frames != reference.Frames || cepstra.Frames == 0)
            throw new ArgumentException($"expected equally many frames, and some, found {cepstra.Frames} and {reference.Frames}");
        double sum = 0;
        for (int t = 0; t < cepstra.Frames; t++) sum += System.Numerics.Tensors.TensorPrimitives.Distance(cepstra[t], reference[t]);
        return DecibelsPerNeper * sum / cepstra.Frames;
    }
}
