// Inverse short-time Fourier transform: x = (sum over frames of w * IDFT(X)) / (sum over frames of w^2), w = periodic Hann; least squares for an X that
// is no signal's transform (Griffin and Lim 1984). The windowed inverse DFT of all frames is one matrix product, the sum an overlap-add. Frame j covers
// samples hop*j - overlap .. with overlap = (window - hop)/2 on either side of its own hop samples; what lies outside the signal is cut.

namespace Ditar.Reference.Vae;

public sealed class InverseStft
{
    private readonly int window;
    private readonly int hop;
    private readonly Tensor basis;                  // [2 * bins, window]
    private readonly Tensor squares;                // [window], w^2

    public InverseStft(ElementType type, int window, int hop)
    {
        (this.window, this.hop) = (window, hop);
        double[] hann = [.. Enumerable.Range(0, window).Select(n => Hann(n, window))];
        basis = Tensor.From(type, Basis(hann), 2 * Bins, window).Copy();
        squares = Tensor.From(type, [.. hann.Select(w => w * w)], window).Copy();
    }

    /// <summary>Frequencies of a real transform.</summary>
    public int Bins => (window / 2) + 1;

    private int Overlap => (window - hop) / 2;

    /// <param name="spectrum">[batch, frames, 2 * bins]: real parts, then imaginary parts.</param>
    /// <param name="stream">Null for a whole signal.</param>
    /// <returns>[batch, frames * hop, 1]; from a stream, the samples that no later frame touches.</returns>
    public Tensor Forward(Tensor spectrum, DecoderState? stream = null)
    {
        ArgumentNullException.ThrowIfNull(spectrum);
        var frames = spectrum[1];
        var first = stream?.Advance(this, frames) ?? 0;
        var ends = stream is null || stream.Last;
        if (first + frames == 0) return Tensor.Zeros(spectrum.Type, spectrum[0], 0, 1);

        // A stream may end with no new frame: no windows add up to (0 - 1) hop + window zeros, which is where the last call's overlap goes.
        var sum = Added(spectrum.MatMul(basis), this, stream);
        var envelope = Added(Tensor.Full(spectrum.Type, 1, 1, frames, 1) * squares, squares, stream);

        // Cut before dividing: outside the signal the envelope falls to zero.
        var before = first == 0 ? Overlap : 0;
        var count = sum[1] - before - (ends ? Overlap : 0);
        return sum.Slice(1, before, count) / envelope.Slice(1, before, count);
    }

    /// <summary>The periodic Hann window: sin^2(pi n / length).</summary>
    internal static double Hann(int n, int length) => 0.5 - (0.5 * double.CosPi(2.0 * n / length));

    // Windows [batch, frames, window] to the signal [batch, (frames - 1) hop + window, 1]; from a stream, the samples that are final.
    private Tensor Added(Tensor windows, object owner, DecoderState? stream)
    {
        var sum = windows.OverlapAdd(hop, 1);
        return stream is null ? sum : stream.AddOverlap(owner, sum, window - hop);
    }

    // x[n] = w[n]/N sum over k of c[k] (re[k] cos(2 pi k n / N) - im[k] sin(2 pi k n / N)); c = 1 at the two real bins, else 2 for bin N - k's share.
    private double[] Basis(double[] hann)
    {
        var values = new double[2 * Bins * window];
        for (var k = 0; k < Bins; k++)
        {
            var share = (k == 0 || 2 * k == window ? 1.0 : 2.0) / window;
            for (var n = 0; n < window; n++)
            {
                var turn = 2.0 * ((long)k * n % window) / window;
                values[(k * window) + n] = share * hann[n] * double.CosPi(turn);
                values[((Bins + k) * window) + n] = -share * hann[n] * double.SinPi(turn);
            }
        }

        return values;
    }
}
