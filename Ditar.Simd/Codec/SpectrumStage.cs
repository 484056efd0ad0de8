// The end of the inverse-STFT decoder in a stream (Ditar.Reference/Vae: InverseStftDecoder's head, InverseStft): norm, log-magnitudes and phases, real and
// imaginary parts, the windowed inverse transform as a product, the overlapping sum and its envelope. The first three stay in the first-level cache per
// tile of frames. Bins are padded to whole vectors; the padding meets zeros in the transform.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Ditar.Simd;

internal sealed unsafe class SpectrumWeights : IDisposable
{
    // As in the definition.
    private const float NormEpsilon = 1e-6f;

    private readonly ChannelValues _gain, _normBias, _squares;
    private readonly int _width;

    /// <param name="weights">Of the decoder: norm and head.</param>
    public SpectrumWeights(CodecWeights weights, int window, int hop)
    {
        (Window, Hop) = (window, hop);
        var gain = weights["norm"].Values("gain");
        _width = gain.Length;
        _gain = new ChannelValues(gain, _width);
        _normBias = new ChannelValues(weights["norm"].Values("bias"), _width);

        // Magnitudes and phases each begin on a new vector.
        Head = new PackedConvolution(weights["head"].Linear(), _gain.Pitch, groups: 2);
        var hann = new double[window];
        for (var n = 0; n < window; n++)
            hann[n] = 0.5 - (0.5 * double.CosPi(2.0 * n / window));
        Transform = new PackedConvolution(new ConvolutionWeight(Basis(hann, Head.Pitch), [], 1, Head.Columns), Head.Columns);
        _squares = new ChannelValues(Array.ConvertAll(hann, w => (float)(w * w)), window);
    }

    public int Window { get; }

    public int Hop { get; }

    public int Pitch => _gain.Pitch;

    public PackedConvolution Head { get; }

    /// <summary>[window, parts]: the inverse transform under its window.</summary>
    public PackedConvolution Transform { get; }

    /// <summary>[Window], the window's squares.</summary>
    public float* Squares => _squares.Values;

    public NormOperands Norm => new(_gain.Values, _normBias.Values, _width, Pitch, NormEpsilon);

    public void Dispose()
    {
        foreach (var part in (ReadOnlySpan<IDisposable>)[_gain, _normBias, _squares, Head, Transform])
            part.Dispose();
    }

    // Row n: w[n]/N c[k] cos(2 pi k n / N) for the real part of bin k, -w[n]/N c[k] sin(..) for the imaginary; c = 1 at the two real bins, else 2.
    private static float[] Basis(double[] hann, int pitch)
    {
        var window = hann.Length;
        var values = new float[window * 2 * pitch];
        for (var n = 0; n < window; n++)
        {
            for (var k = 0; k <= window / 2; k++)
            {
                var share = (k == 0 || 2 * k == window ? 1.0 : 2.0) / window * hann[n];
                var turn = 2.0 * ((long)k * n % window) / window;
                values[(n * 2 * pitch) + k] = (float)(share * double.CosPi(turn));
                values[(n * 2 * pitch) + pitch + k] = (float)(-share * double.SinPi(turn));
            }
        }

        return values;
    }
}

internal sealed unsafe class SpectrumStage : CodecStage
{
    private readonly SpectrumWeights _weights;
    private readonly WorkerPool? _pool;
    private readonly CodecSink _sink;
    private readonly SignalWindow _input;
    private readonly float* _work, _windows, _sum, _envelope;
    private readonly int _room;
    private long _frames;

    public SpectrumStage(StreamMemory memory, SpectrumWeights weights, int mostInputs, WorkerPool? pool, CodecSink sink)
    {
        (_weights, _pool, _sink) = (weights, pool, sink);
        _input = new SignalWindow(memory, weights.Pitch, 0, mostInputs);
        _work = memory.Take((pool?.Size ?? 1) * ResidualParts<Front, NoFinish>.WorkLength(Front.PitchOf(weights)));
        _windows = memory.Take((long)mostInputs * weights.Transform.Columns);
        _room = checked((mostInputs * weights.Hop) + weights.Window);
        _sum = memory.Take(_room);
        _envelope = memory.Take(_room);
        NativeMemory.Clear(_sum, (nuint)_room * sizeof(float));
        NativeMemory.Clear(_envelope, (nuint)_room * sizeof(float));
    }

    public override int MostOutputs => 0;

    private int Overlap => (_weights.Window - _weights.Hop) / 2;

    public override float* Append(int steps) => _input.Append(steps);

    public override void Advance(bool last)
    {
        var rows = (int)(_input.End - _frames);
        if (rows > 0)
        {
            var o = ConvolutionOperands.Of(_weights.Transform);
            o.XRowStride = _weights.Head.Columns;
            o.Y = _windows;
            var front = new Front(_input.Step(_frames), _weights.Norm, ConvolutionOperands.Of(_weights.Head), _weights.Pitch);
            ResidualParts<Front, NoFinish>.Run(_pool, in front, in o, rows, _work, default, (long)_weights.Head.Length * _weights.Head.Columns);
            for (var r = 0; r < rows; r++)
                Vectors.Run(new AddWork(_weights.Window, _windows + (r * (nint)o.YRowStride), _weights.Squares, _sum + (r * (nint)_weights.Hop), _envelope + (r * (nint)_weights.Hop)));
        }

        // Position q of the sums is sample q - Overlap; the sums begin at the hop of the first frame that was new here.
        var start = _frames * _weights.Hop;
        _frames += rows;
        _input.Drop(_frames);
        var samples = Outputs(_frames, last);
        var before = Outputs(_frames - rows, last: false);
        if (samples > before)
        {
            var at = (nint)(before + Overlap - start);
            var count = (int)(samples - before);
            Vectors.Run(new DivideWork(count, _sum + at, _envelope + at, _sink.Take(count)));
        }

        // What later frames add to comes to the front.
        var gone = rows * (nint)_weights.Hop;
        foreach (var sums in (ReadOnlySpan<nint>)[(nint)_sum, (nint)_envelope])
        {
            var floats = (float*)sums;
            NativeMemory.Copy(floats + gone, floats, (nuint)(_room - gone) * sizeof(float));
            NativeMemory.Clear(floats + (_room - gone), (nuint)gone * sizeof(float));
        }
    }

    /// <inheritdoc/>
    /// <remarks>Samples that no later frame touches: up to the hop of the next frame, less the overlap that lies before the signal.</remarks>
    public override long Outputs(long inputs, bool last) => last ? inputs * _weights.Hop : Math.Max(0, (inputs * _weights.Hop) - Overlap);

    private readonly struct Front(float* x, NormOperands norm, ConvolutionOperands head, int pitch) : IRowFront
    {
        public int WorkPitch => pitch + head.Columns;

        public static int PitchOf(SpectrumWeights weights) => weights.Pitch + weights.Head.Columns;

        [MethodImpl(Jit.Hot)]
        public float* Fill<TWidth, TVector>(int row, int rows, float* work)
            where TWidth : IWidth<TVector>
            where TVector : unmanaged
        {
            norm.Run<TWidth, TVector>(x + (row * (nint)pitch), pitch, rows, work);
            var o = head;
            o.X = work;
            o.XRowStride = pitch;
            o.Y = work + (rows * (nint)pitch);
            ConvolutionRows.Run<TWidth, TVector, NoFinish>(in o, 0, rows, 0, o.Columns, default);
            var half = o.Columns / 2;
            for (var r = 0; r < rows; r++)
                Rectangular<TWidth, TVector>(o.Y + (r * (nint)o.Columns), half);
            return o.Y;
        }

        // Log-magnitude and phase to real and imaginary part, in place.
        [MethodImpl(Jit.Hot)]
        private static void Rectangular<TWidth, TVector>(float* values, int half)
            where TWidth : IWidth<TVector>
            where TVector : unmanaged
        {
            // As in the definition: exp(5) is the magnitude of a full-scale sine and half as much again.
            const float HighestLogMagnitude = 5;
            for (var i = 0; i < half; i += TWidth.Count)
            {
                var magnitude = VectorMath.Exp<TWidth, TVector>(TWidth.Min(TWidth.Broadcast(HighestLogMagnitude), TWidth.Load(values + i)));
                var phase = TWidth.Load(values + half + i);
                TWidth.Store(TWidth.Multiply(magnitude, VectorMath.Cos<TWidth, TVector>(phase)), values + i);
                TWidth.Store(TWidth.Multiply(magnitude, VectorMath.Sin<TWidth, TVector>(phase)), values + half + i);
            }
        }
    }

    /// <summary>sum += x, envelope += squares.</summary>
    private readonly struct AddWork(int count, float* x, float* squares, float* sum, float* envelope) : IVectorWork
    {
        [MethodImpl(Jit.Hot)]
        public void Run<TWidth, TVector>()
            where TWidth : IWidth<TVector>
            where TVector : unmanaged
        {
            float* px = x, pq = squares, ps = sum, pe = envelope;
            var i = 0;
            for (; i <= count - TWidth.Count; i += TWidth.Count)
            {
                TWidth.Store(TWidth.Add(TWidth.Load(ps + i), TWidth.Load(px + i)), ps + i);
                TWidth.Store(TWidth.Add(TWidth.Load(pe + i), TWidth.Load(pq + i)), pe + i);
            }

            for (; i < count; i++)
            {
                ps[i] += px[i];
                pe[i] += pq[i];
            }
        }
    }

    private readonly struct DivideWork(int count, float* sum, float* envelope, float* y) : IVectorWork
    {
        [MethodImpl(Jit.Hot)]
        public void Run<TWidth, TVector>()
            where TWidth : IWidth<TVector>
            where TVector : unmanaged
        {
            float* ps = sum, pe = envelope, py = y;
            var i = 0;
            for (; i <= count - TWidth.Count; i += TWidth.Count)
                TWidth.Store(TWidth.Divide(TWidth.Load(ps + i), TWidth.Load(pe + i)), py + i);
            for (; i < count; i++)
                py[i] = ps[i] / pe[i];
        }
    }
}
