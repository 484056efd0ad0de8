// Time embeddings by time, and by the length of the solver's step where a model embeds that too: e is the sum of both. A solver asks for the same few times patch after patch; each is computed once and kept. Angles are worked out in double: at
// 1000 radians a float32 angle is off by 3e-5.

namespace Ditar.Simd;

internal sealed unsafe class KeptTimes(PackedTime weights, PackedTime? step, WorkerPool? pool) : IDisposable
{
    // More distinct times than any grid has (SamplerOptions.MostSteps is 1000); whoever exceeds it starts anew.
    private const int Most = 1024;

    private readonly Dictionary<(double Time, double Step), NativeBuffer> _kept = [];
    private readonly GrowingBuffer _angles = new(), _hidden = new(), _prepared = new();

    public long Bytes => _kept.Values.Sum(embedding => (long)embedding.Bytes) + _angles.Bytes + _hidden.Bytes + _prepared.Bytes;

    /// <summary>[width].</summary>
    /// <param name="length">Of the step; not looked at where the model does not embed it.</param>
    public float* this[double time, double length]
    {
        get
        {
            if (_kept.TryGetValue((time, length), out var embedding))
                return embedding.Floats;
            if (_kept.Count == Most)
                Clear();
            embedding = Compute(time, length);
            _kept.Add((time, length), embedding);
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

    private NativeBuffer Compute(double time, double length)
    {
        var embedding = new NativeBuffer((nuint)weights.Second.Weight.Outputs * sizeof(float));
        embedding.Clear();
        Add(weights, time, embedding.Floats);
        if (step is not null)
            Add(step, length, embedding.Floats);
        return embedding;
    }

    private void Add(PackedTime part, double value, float* embedding)
    {
        var frequencies = part.Frequencies;
        var angles = _angles.Floats(2 * frequencies.Length);                                       // sines, then cosines
        for (var i = 0; i < frequencies.Length; i++)
            (angles[i], angles[frequencies.Length + i]) = ((float)Math.Sin(value * frequencies[i]), (float)Math.Cos(value * frequencies[i]));
        var hidden = _hidden.Floats(part.First.Weight.Outputs);
        var prepared = Prepare(part.First, angles);
        part.First.Multiply(in prepared, Activation.Silu, hidden, part.First.Weight.Outputs, pool);
        prepared = Prepare(part.Second, hidden);
        part.Second.AddTo(in prepared, 1, embedding, part.Second.Weight.Outputs, pool);
    }

    private PreparedRows Prepare(PackedLinear layer, float* x)
    {
        var (inputs, format) = (layer.Weight.Inputs, layer.Weight.Format);
        return PreparedRows.Make(1, inputs, x, inputs, format, _prepared.Memory(PreparedRows.BytesFor(1, inputs, format)), pool);
    }

    private void Clear()
    {
        foreach (var embedding in _kept.Values)
            embedding.Dispose();
        _kept.Clear();
    }
}
