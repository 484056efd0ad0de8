// Time embeddings by time. A solver asks for the same few times patch after patch; each is computed once and kept. Angles are worked out in double: at
// 1000 radians a float32 angle is off by 3e-5.

namespace Ditar.Simd;

internal sealed unsafe class KeptTimes(PackedDiffusion weights, WorkerPool? pool) : IDisposable
{
    // More distinct times than any grid has (SamplerOptions.MostSteps is 1000); whoever exceeds it starts anew.
    private const int Most = 1024;

    private readonly Dictionary<double, NativeBuffer> _kept = [];
    private readonly GrowingBuffer _angles = new(), _hidden = new(), _prepared = new();

    public long Bytes => _kept.Values.Sum(embedding => (long)embedding.Bytes) + _angles.Bytes + _hidden.Bytes + _prepared.Bytes;

    /// <summary>[width].</summary>
    public float* this[double time]
    {
        get
        {
            if (_kept.TryGetValue(time, out var embedding))
                return embedding.Floats;
            if (_kept.Count == Most)
                Clear();
            embedding = Compute(time);
            _kept.Add(time, embedding);
            return embedding.Floats;
        }
    }

    public void Dispose()
    {
        Clear();
        _angles.Dispose();
        _hidden.Dispose();
        _prepared.Dispose();
    }

    private NativeBuffer Compute(double time)
    {
        var (frequencies, width) = (weights.Frequencies, weights.TimeSecond.Weight.Outputs);
        var angles = _angles.Floats(2 * frequencies.Length);                                       // sines, then cosines
        for (var i = 0; i < frequencies.Length; i++)
            (angles[i], angles[frequencies.Length + i]) = ((float)Math.Sin(time * frequencies[i]), (float)Math.Cos(time * frequencies[i]));
        var hidden = _hidden.Floats(width);
        var embedding = new NativeBuffer((nuint)width * sizeof(float));
        Apply(weights.TimeFirst, angles, Activation.Silu, hidden);
        Apply(weights.TimeSecond, hidden, Activation.None, embedding.Floats);
        return embedding;
    }

    private void Apply(PackedLinear layer, float* x, Activation activation, float* y)
    {
        var inputs = layer.Weight.Inputs;
        var prepared = PreparedRows.Make(1, inputs, x, inputs, layer.Weight.Format, _prepared.Memory(PreparedRows.BytesFor(1, inputs, layer.Weight.Format)), pool);
        layer.Multiply(in prepared, activation, y, layer.Weight.Outputs, pool);
    }

    private void Clear()
    {
        foreach (var embedding in _kept.Values)
            embedding.Dispose();
        _kept.Clear();
    }
}
