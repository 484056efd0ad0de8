// One stage of an encoder: convolution, residual units, Snake. Of ours (Ditar.Reference/Vae/VaeEncoder) a strided convolution and two units, all centred, so a
// unit waits for the steps that it looks ahead. Of VoxCPM's (Ditar.Reference/VoxCpm/AudioVaeEncoder), which is causal, what leads into a block and the block's
// three units and Snake; its strided convolution begins the next stage. A unit keeps its input twice: as it is, for the residual, and after Snake, which is
// made as the input is stored.

using Ditar.Reference.Vae;
using Ditar.Reference.VoxCpm;

namespace Ditar.Simd;

internal sealed class EncoderStageWeights : IDisposable
{
    // As in the definition: two units, kernel 3 dilated by these.
    private static readonly int[] Dilations = [1, 3];

    public EncoderStageWeights(CodecWeights weights, int stride, bool first)
    {
        var down = weights["down"].Convolution();

        // The waveform is one channel, and its samples lie side by side.
        InputPitch = first ? 1 : Vectors.Padded(down.Inputs);
        Reach = ConvolutionReach.Centred(down.Kernel, stride: stride);
        Down = new PackedConvolution(down, InputPitch);
        Units = [.. Dilations.Select((dilation, i) => new ResidualUnitWeights(weights["units"][i], Down.Pitch, dilation))];
        Before = [.. Dilations.Select((_, i) => new SnakeSlopes(weights["units"][i]["snake_before"].Slopes()))];
        Snake = new SnakeSlopes(weights["snake"].Slopes());
    }

    /// <param name="into">The first convolution of all, or the strided one of the block before.</param>
    public EncoderStageWeights(Convolution into, AudioEncoderBlock block, bool first)
    {
        InputPitch = first ? 1 : Vectors.Padded(into.Weight[2]);
        Reach = ConvolutionReach.Of(into);
        Down = new PackedConvolution(ConvolutionWeight.Of(into), InputPitch);
        Units = [.. block.Units.Select(unit => new ResidualUnitWeights(unit))];
        Before = [.. block.Units.Select(unit => new SnakeSlopes(unit.Before.Alpha.Loose()))];
        Snake = new SnakeSlopes(block.Snake.Alpha.Loose());
    }

    public int InputPitch { get; }

    public ConvolutionReach Reach { get; }

    public PackedConvolution Down { get; }

    public ResidualUnitWeights[] Units { get; }

    /// <summary>The first Snake of each unit.</summary>
    public SnakeSlopes[] Before { get; }

    public SnakeSlopes Snake { get; }

    public void Dispose()
    {
        foreach (var part in (IEnumerable<IDisposable>)[Down, .. Units, .. Before, Snake])
            part.Dispose();
    }
}

internal sealed unsafe class EncoderStage : CodecStage
{
    // Steps of one signal of 256 KB pass the units together, so that the few that a unit reads and writes stay in a second-level cache of 2 MB; but no fewer than
    // make reading a large weight worth while.
    private const int ChunkValues = 1 << 16, LeastChunk = 64;

    private readonly EncoderStageWeights _weights;
    private readonly WorkerPool? _pool;
    private readonly SignalWindow _input;
    private readonly Unit[] _units;
    private readonly float* _work;
    private readonly int _chunk;
    private long _taken, _made;

    public EncoderStage(StreamMemory memory, EncoderStageWeights weights, int mostInputs, WorkerPool? pool)
    {
        (_weights, _pool) = (weights, pool);
        var reach = weights.Reach;
        _input = new SignalWindow(memory, weights.InputPitch, reach.Left, mostInputs + reach.Steps + reach.Stride + reach.Right);
        var most = ((mostInputs + reach.Steps + reach.Right) / reach.Stride) + 1;
        _chunk = Math.Min(most, Math.Max(LeastChunk, ChunkValues / weights.Down.Pitch));
        _units = new Unit[weights.Units.Length];
        for (var (i, rows) = (0, _chunk); i < _units.Length; i++)
        {
            _units[i] = new Unit(memory, weights.Units[i], weights.Before[i], rows);
            rows += weights.Units[i].Reach.Right;
            most += weights.Units[i].Reach.Right;
        }

        MostOutputs = most;
        _work = memory.Take((pool?.Size ?? 1) * ResidualParts<ConvolutionFront, SnakeFinish>.WorkLength(weights.Down.Pitch));
    }

    public override int MostOutputs { get; }

    public override float* Append(int steps)
    {
        _taken += steps;
        return _input.Append(steps);
    }

    public override void Advance(bool last)
    {
        var reach = _weights.Reach;
        if (last)
            _input.AppendZeros(reach.Right);
        var ready = reach.Outputs(_taken, last);
        do
        {
            var rows = (int)Math.Min(ready - _made, _chunk);
            if (rows > 0)
            {
                var o = ConvolutionOperands.Of(_weights.Down);
                o.X = _input.Step((_made * reach.Stride) - reach.Left);
                o.XRowStride = (nint)reach.Stride * _input.Pitch;
                o.Y = _units[0].Plain.Append(rows);
                ConvolutionJob.Run(_pool, in o, rows, _units[0].BesidePlain(rows));
                _made += rows;
            }

            for (var i = 0; i < _units.Length; i++)
                RunUnit(i, last && _made == ready);
        }
        while (_made < ready);
        _input.Drop((_made * reach.Stride) - reach.Left);
        Next.Advance(last);
    }

    public override long Outputs(long inputs, bool last)
    {
        var steps = _weights.Reach.Outputs(inputs, last);
        return _units.Aggregate(steps, (n, unit) => unit.Weights.Reach.Outputs(n, last));
    }

    private void RunUnit(int index, bool last)
    {
        var unit = _units[index];
        var (weights, reach) = (unit.Weights, unit.Weights.Reach);
        var length = unit.Plain.End;
        if (last)
            unit.Snaked.AppendZeros(reach.Right);
        var rows = (int)(reach.Outputs(length, last) - unit.Done);
        if (rows == 0)
            return;
        var o = ConvolutionOperands.Of(weights.Point);
        o.XRowStride = weights.Pitch;
        o.Residual = unit.Plain.Step(unit.Done);
        o.ResidualRowStride = unit.Plain.Pitch;
        var next = index + 1 < _units.Length ? _units[index + 1] : null;
        o.Y = next is null ? Next.Append(rows) : next.Plain.Append(rows);
        weights.Run(_pool, unit.Snaked.Step(unit.Done - reach.Left), in o, rows, _work, next is null ? _weights.Snake.InPlace : next.BesidePlain(rows));
        unit.Done += rows;
        unit.Plain.Drop(unit.Done);
        unit.Snaked.Drop(unit.Done - reach.Left);
    }

    /// <summary>A unit's input, plain and after its first Snake.</summary>
    private sealed class Unit(StreamMemory memory, ResidualUnitWeights weights, SnakeSlopes before, int mostInputs)
    {
        public ResidualUnitWeights Weights => weights;

        public SignalWindow Plain { get; } = new(memory, weights.Point.Pitch, 0, mostInputs + weights.Reach.Right);

        public SignalWindow Snaked { get; } = new(memory, weights.Point.Pitch, weights.Reach.Left, mostInputs + weights.Reach.Steps + weights.Reach.Right);

        public long Done { get; set; }

        /// <summary>The activation beside the next steps of the plain signal.</summary>
        public SnakeFinish BesidePlain(int steps) => before.Beside(Snaked.Append(steps), Snaked.Pitch);
    }
}

/// <summary>The end of the encoder: latents scaled as the model wants them, without the padding of their rows.</summary>
internal sealed unsafe class LatentStage(StreamMemory memory, float[] mean, float[] deviation, int mostInputs, CodecSink sink) : CodecStage
{
    private readonly SignalWindow _input = new(memory, Vectors.Padded(mean.Length), 0, mostInputs);
    private long _done;

    public override int MostOutputs => 0;

    public override float* Append(int steps) => _input.Append(steps);

    public override void Advance(bool last)
    {
        var dim = mean.Length;
        for (; _done < _input.End; _done++)
        {
            var from = _input.Step(_done);
            var to = sink.Take(dim);
            for (var d = 0; d < dim; d++)
                to[d] = (from[d] - mean[d]) / deviation[d];
        }

        _input.Drop(_done);
    }

    public override long Outputs(long inputs, bool last) => inputs;
}
