// The last convolution of a waveform decoder, to one channel, and tanh. With one output channel the product is a dot product of a sample's window with
// the weight: both lie in one piece, and four samples at a time hide the latency of their sums.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

/// <summary>A causal convolution to one channel over rows of <c>pitch</c> values.</summary>
internal sealed unsafe class WaveWeights : IDisposable
{
    private readonly ChannelValues _taps;

    /// <param name="weight">One output.</param>
    public WaveWeights(ConvolutionWeight weight)
    {
        if (weight.Outputs != 1)
            throw new ArgumentException($"The last convolution of a decoder makes one channel, found {weight.Outputs}.", nameof(weight));
        _taps = new ChannelValues(weight.Weight, weight.Inputs);
        (Kernel, Bias) = (weight.Kernel, weight.Bias[0]);
    }

    public int Kernel { get; }

    public float Bias { get; }

    public int Pitch => _taps.Pitch;

    /// <summary>[Kernel, Pitch].</summary>
    public float* Taps => _taps.Values;

    public void Dispose() => _taps.Dispose();
}

internal sealed unsafe class WaveStage : CodecStage
{
    private readonly WaveWeights _weights;
    private readonly WorkerPool? _pool;
    private readonly CodecSink _sink;
    private readonly SignalWindow _input;
    private long _done;

    public WaveStage(StreamMemory memory, WaveWeights weights, int mostInputs, WorkerPool? pool, CodecSink sink)
    {
        (_weights, _pool, _sink) = (weights, pool, sink);
        _input = new SignalWindow(memory, weights.Pitch, weights.Kernel - 1, mostInputs + weights.Kernel);
    }

    public override int MostOutputs => 0;

    public override float* Append(int steps) => _input.Append(steps);

    public override void Advance(bool last)
    {
        var count = (int)(_input.End - _done);
        if (count == 0)
            return;
        var length = _weights.Kernel * _weights.Pitch;
        var parts = Math.Min(VectorParts.Count(_pool, (long)count * length), count);
        var x = _input.Step(_done - _weights.Kernel + 1);
        VectorParts.Run(_pool, parts, new Dots(x, _weights.Pitch, _weights.Taps, length, _weights.Bias, count, _sink.Take(count), parts));
        _done += count;
        _input.Drop(_done - _weights.Kernel + 1);
    }

    public override long Outputs(long inputs, bool last) => inputs;

    internal readonly struct Dots(float* x, int pitch, float* taps, int length, float bias, int count, float* y, int parts) : IVectorParts
    {
        [MethodImpl(Jit.Hot)]
        public void Run<TWidth, TVector>(int part)
            where TWidth : IWidth<TVector>
            where TVector : unmanaged
        {
            var (t, to) = Share.Of(count, part, parts);
            var from = t;
            for (; t <= to - 4; t += 4)
            {
                var p = x + (t * (nint)pitch);
                TVector s0 = TWidth.Zero, s1 = s0, s2 = s0, s3 = s0;
                for (nint i = 0; i < length; i += TWidth.Count)
                {
                    var tap = TWidth.Load(taps + i);
                    s0 = TWidth.MultiplyAdd(TWidth.Load(p + i), tap, s0);
                    s1 = TWidth.MultiplyAdd(TWidth.Load(p + i + pitch), tap, s1);
                    s2 = TWidth.MultiplyAdd(TWidth.Load(p + i + (2 * (nint)pitch)), tap, s2);
                    s3 = TWidth.MultiplyAdd(TWidth.Load(p + i + (3 * (nint)pitch)), tap, s3);
                }

                y[t] = TWidth.Sum(s0) + bias;
                y[t + 1] = TWidth.Sum(s1) + bias;
                y[t + 2] = TWidth.Sum(s2) + bias;
                y[t + 3] = TWidth.Sum(s3) + bias;
            }

            for (; t < to; t++)
            {
                var p = x + (t * (nint)pitch);
                var s0 = TWidth.Zero;
                for (nint i = 0; i < length; i += TWidth.Count)
                    s0 = TWidth.MultiplyAdd(TWidth.Load(p + i), TWidth.Load(taps + i), s0);
                y[t] = TWidth.Sum(s0) + bias;
            }

            for (t = from; t <= to - TWidth.Count; t += TWidth.Count)
                TWidth.Store(VectorMath.Tanh<TWidth, TVector>(TWidth.Load(y + t)), y + t);
            if (t < to)
                Partial.Store<TWidth, TVector>(VectorMath.Tanh<TWidth, TVector>(Partial.Load<TWidth, TVector>(y + t, to - t)), y + t, to - t);
        }
    }
}
