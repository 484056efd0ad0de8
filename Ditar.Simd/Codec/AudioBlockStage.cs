// A block of VoxCPM's decoder in a stream (Ditar.Reference/VoxCpm: AudioDecoderBlock, AudioResidualUnit): up-sampling of a signal that has already been
// through the block's condition and Snake, then three residual units. A unit's input is kept twice: as it is, for the residual, which only the present
// chunk needs; and after Snake, with the past that the dilated convolution looks back on. Both are stored by the layer before.

using Ditar.Reference.VoxCpm;

namespace Ditar.Simd;

internal sealed class AudioBlockWeights : IDisposable
{
    /// <param name="after">What the next block or the end does to this block's outputs.</param>
    public AudioBlockWeights(AudioDecoderBlock block, int rate, SnakeSlopes after)
    {
        Rate = rate;
        var weight = block.Up.Weight;
        InputPitch = Vectors.Padded(weight[2]);
        Taps = weight[1];
        Up = new PackedConvolution(new ConvolutionWeight(weight.Loose(), block.Up.Bias.Loose(), Taps, weight[2]), InputPitch, groups: rate);
        Units = [.. block.Units.Select(unit => new ResidualUnitWeights(unit))];

        // The up-sampling's rows hold all steps it makes of one.
        Before = [.. block.Units.Select((unit, i) => new SnakeSlopes(unit.Before.Alpha.Loose(), i == 0 ? rate : 1))];
        After = after;
    }

    public int Rate { get; }

    public int InputPitch { get; }

    public int Taps { get; }

    public PackedConvolution Up { get; }

    public ResidualUnitWeights[] Units { get; }

    /// <summary>The first Snake of each unit.</summary>
    public SnakeSlopes[] Before { get; }

    public SnakeSlopes After { get; }

    public void Dispose()
    {
        foreach (var part in (IEnumerable<IDisposable>)[Up, .. Units, .. Before, After])
            part.Dispose();
    }
}

internal sealed unsafe class AudioBlockStage : CodecStage
{
    // A chunk of one signal of 256 KB: with the four or five that a unit reads and writes it stays in a second-level cache of 2 MB.
    private const int ChunkValues = 1 << 16;

    // Where the weight of the up-sampling fills the cache, it shall serve so many steps each time it is read.
    private const int RowsOfLargeWeight = 64;

    private readonly AudioBlockWeights _weights;
    private readonly WorkerPool? _pool;
    private readonly SignalWindow _input;
    private readonly SignalWindow[] _snaked;
    private readonly float* _plain, _work;
    private readonly int _chunk;
    private long _taken;

    public AudioBlockStage(StreamMemory memory, AudioBlockWeights weights, int mostInputs, WorkerPool? pool)
    {
        (_weights, _pool) = (weights, pool);
        _input = new SignalWindow(memory, weights.InputPitch, weights.Taps - 1, mostInputs + weights.Taps);
        var pitch = weights.Up.Pitch;
        var least = (long)weights.Up.Length * weights.Up.Columns > ConvolutionRows.HeldWeight ? RowsOfLargeWeight : 1;
        _chunk = Math.Min(mostInputs, Math.Max(least, ChunkValues / (pitch * weights.Rate)));
        MostOutputs = _chunk * weights.Rate;
        _snaked = [.. weights.Units.Select(unit => new SignalWindow(memory, pitch, unit.Reach.Left, MostOutputs + unit.Reach.Left))];
        _plain = memory.Take((long)MostOutputs * pitch);
        _work = memory.Take((pool?.Size ?? 1) * ResidualParts<ConvolutionFront, SnakeFinish>.WorkLength(pitch));
    }

    public override int MostOutputs { get; }

    public override float* Append(int steps) => _input.Append(steps);

    public override void Advance(bool last)
    {
        do
        {
            var steps = (int)Math.Min(_input.End - _taken, _chunk);
            if (steps > 0)
                Chunk(steps);
            Next.Advance(last && _taken == _input.End);
        }
        while (_taken < _input.End);
        _input.Drop(_taken - _weights.Taps + 1);
    }

    public override long Outputs(long inputs, bool last) => inputs * _weights.Rate;

    private void Chunk(int steps)
    {
        var rows = steps * _weights.Rate;
        var pitch = _weights.Up.Pitch;
        var up = ConvolutionOperands.Of(_weights.Up);
        up.X = _input.Step(_taken - _weights.Taps + 1);
        up.XRowStride = _input.Pitch;
        up.Y = _plain;
        ConvolutionJob.Run(_pool, in up, steps, _weights.Before[0].Beside(_snaked[0].Append(rows), up.YRowStride));
        var done = _taken * _weights.Rate;
        _taken += steps;
        for (var i = 0; i < _weights.Units.Length; i++)
        {
            var unit = _weights.Units[i];
            var point = ConvolutionOperands.Of(unit.Point);
            point.XRowStride = pitch;
            point.Residual = _plain;
            point.ResidualRowStride = pitch;
            var ends = i + 1 == _weights.Units.Length;
            point.Y = ends ? Next.Append(rows) : _plain;
            var finish = ends ? _weights.After.InPlace : _weights.Before[i + 1].Beside(_snaked[i + 1].Append(rows), pitch);
            unit.Run(_pool, _snaked[i].Step(done - unit.Reach.Left), in point, rows, _work, finish);
            _snaked[i].Drop(done + rows - unit.Reach.Left);
        }
    }
}
