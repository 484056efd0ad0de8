// One stage of the encoder (Ditar.Reference/Vae/VaeEncoder): strided convolution, two residual units, Snake. All its convolutions are centred, so a unit
// waits for the steps that it looks ahead. A unit keeps its input twice: as it is, for the residual, and after Snake, which is made as the input is
// stored; the second Snake lies between two products of a tile.

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
        Units = [.. Dilations.Select((dilation, i) => new EncoderUnitWeights(weights["units"][i], Down.Pitch, dilation))];
        Snake = new SnakeSlopes(weights["snake"].Slopes());
    }

    public int InputPitch { get; }

    public ConvolutionReach Reach { get; }

    public PackedConvolution Down { get; }

    public EncoderUnitWeights[] Units { get; }

    public SnakeSlopes Snake { get; }

    public void Dispose()
    {
        Down.Dispose();
        foreach (var unit in Units)
            unit.Dispose();
        Snake.Dispose();
    }
}

/// <summary>x + point(snake(wide(snake(x)))).</summary>
internal sealed class EncoderUnitWeights(CodecWeights weights, int pitch, int dilation) : IDisposable
{
    public SnakeSlopes Before { get; } = new(weights["snake_before"].Slopes());

    public PackedConvolution Wide { get; } = new(weights["wide"].Convolution(), pitch, dilation);

    public ConvolutionReach Reach { get; } = ConvolutionReach.Centred(weights["wide"].Convolution().Kernel, dilation);

    public SnakeSlopes Between { get; } = new(weights["snake_between"].Slopes());

    public PackedConvolution Point { get; } = new(weights["point"].Convolution(), pitch);

    public void Dispose()
    {
        foreach (var part in (ReadOnlySpan<IDisposable>)[Before, Wide, Between, Point])
            part.Dispose();
    }
}

internal sealed unsafe class EncoderStage : CodecStage
{
    private readonly EncoderStageWeights _weights;
    private readonly WorkerPool? _pool;
    private readonly SignalWindow _input;
    private readonly Unit[] _units;
    private readonly float* _work;
    private long _taken, _made;

    public EncoderStage(StreamMemory memory, EncoderStageWeights weights, int mostInputs, WorkerPool? pool)
    {
        (_weights, _pool) = (weights, pool);
        var reach = weights.Reach;
        _input = new SignalWindow(memory, weights.InputPitch, reach.Left, mostInputs + reach.Steps + reach.Stride + reach.Right);
        var most = ((mostInputs + reach.Steps + reach.Right) / reach.Stride) + 1;
        _units = new Unit[weights.Units.Length];
        for (var i = 0; i < _units.Length; i++)
        {
            _units[i] = new Unit(memory, weights.Units[i], most);
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
        var rows = (int)(reach.Outputs(_taken, last) - _made);
        if (rows > 0)
        {
            var o = ConvolutionOperands.Of(_weights.Down);
            o.X = _input.Step((_made * reach.Stride) - reach.Left);
            o.XRowStride = (nint)reach.Stride * _input.Pitch;
            o.Y = _units[0].Plain.Append(rows);
            ConvolutionJob.Run(_pool, in o, rows, _units[0].BesidePlain(rows));
            _made += rows;
            _input.Drop((_made * reach.Stride) - reach.Left);
        }

        for (var i = 0; i < _units.Length; i++)
            RunUnit(i, last);
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
        var first = ConvolutionOperands.Of(weights.Wide);
        first.X = unit.Snaked.Step(unit.Done - reach.Left);
        first.XRowStride = unit.Snaked.Pitch;
        var o = ConvolutionOperands.Of(weights.Point);
        o.XRowStride = weights.Wide.Columns;
        o.Residual = unit.Plain.Step(unit.Done);
        o.ResidualRowStride = unit.Plain.Pitch;
        var front = new ConvolutionFront(first, weights.Between.InPlace);
        var work = (long)first.Length * first.Columns;
        if (index + 1 < _units.Length)
        {
            var next = _units[index + 1];
            o.Y = next.Plain.Append(rows);
            ResidualParts<ConvolutionFront, SnakeFinish>.Run(_pool, in front, in o, rows, _work, next.BesidePlain(rows), work);
        }
        else
        {
            o.Y = Next.Append(rows);
            ResidualParts<ConvolutionFront, SnakeFinish>.Run(_pool, in front, in o, rows, _work, _weights.Snake.InPlace, work);
        }

        unit.Done += rows;
        unit.Plain.Drop(unit.Done);
        unit.Snaked.Drop(unit.Done - reach.Left);
    }

    /// <summary>A unit's input, plain and after its first Snake.</summary>
    private sealed class Unit(StreamMemory memory, EncoderUnitWeights weights, int mostInputs)
    {
        public EncoderUnitWeights Weights => weights;

        public SignalWindow Plain { get; } = new(memory, weights.Point.Pitch, 0, mostInputs + weights.Reach.Right);

        public SignalWindow Snaked { get; } = new(memory, weights.Point.Pitch, weights.Reach.Left, mostInputs + weights.Reach.Steps + weights.Reach.Right);

        public long Done { get; set; }

        /// <summary>The activation beside the next steps of the plain signal.</summary>
        public SnakeFinish BesidePlain(int steps) => weights.Before.Beside(Snaked.Append(steps), Snaked.Pitch);
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
