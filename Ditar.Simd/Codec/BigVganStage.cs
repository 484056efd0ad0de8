// One stage of the BigVGAN decoder in a stream: learned up-sampling, then blocks side by side, averaged (Ditar.Reference/Vae/BigVganDecoder).

using System.Runtime.CompilerServices;
using Ditar.Reference.Vae;

namespace Ditar.Simd;

internal sealed class BigVganStageWeights : IDisposable
{
    public BigVganStageWeights(CodecWeights weights, int factor, IReadOnlyList<int> kernels, IReadOnlyList<int> dilations)
    {
        Factor = factor;
        var up = weights["up"].Convolution();
        InputPitch = Vectors.Padded(up.Inputs);
        Up = new PackedConvolution(up, InputPitch, groups: factor);
        Blocks = [.. kernels.Select((kernel, b) => dilations.Select((dilation, u) => new AmpUnitWeights(weights["blocks"][b]["units"][u], kernel, dilation)).ToArray())];
    }

    public int Factor { get; }

    public int InputPitch { get; }

    public PackedConvolution Up { get; }

    /// <summary>Blocks of units.</summary>
    public AmpUnitWeights[][] Blocks { get; }

    public void Dispose()
    {
        Up.Dispose();
        foreach (var unit in Blocks.SelectMany(block => block))
            unit.Dispose();
    }
}

internal sealed unsafe class BigVganStage : CodecStage
{
    // Taps of the up-sampling convolution: this input step and two before.
    private const int UpReach = 2;

    // A chunk of one signal of a stage: with the handful that a unit reads and writes it fits a second-level cache of 1 MB or more.
    private const int ChunkValues = 1 << 15;

    private readonly BigVganStageWeights _weights;
    private readonly WorkerPool? _pool;
    private readonly SignalWindow _input, _up;
    private readonly AmpUnit[][] _units;

    /// <summary>What each unit writes: inputs of the next; of the last ones only where blocks are averaged.</summary>
    private readonly SignalWindow[][] _outputs;
    private readonly int _chunk;
    private long _taken, _averaged;

    public BigVganStage(StreamMemory memory, BigVganStageWeights weights, int mostInputs, WorkerPool? pool)
    {
        (_weights, _pool) = (weights, pool);
        _input = new SignalWindow(memory, weights.InputPitch, UpReach, mostInputs + UpReach);
        var pitch = weights.Up.Pitch;
        _chunk = Math.Clamp(ChunkValues / (pitch * weights.Factor), 1, mostInputs);
        var most = _chunk * weights.Factor;
        var delay = 2 * AntiAliasedSnake.LookAhead;
        _up = new SignalWindow(memory, pitch, AntiAliasedSnakeParts.Back, most + delay + AntiAliasedSnakeParts.Ahead);
        _units = [.. weights.Blocks.Select(block => block.Select((unit, u) => new AmpUnit(memory, unit, most + (u * delay), pool)).ToArray())];
        _outputs = [.. _units.Select(block => block.Select((_, u) => new SignalWindow(
            memory, pitch, AntiAliasedSnakeParts.Back, most + ((u + 2) * delay) + AntiAliasedSnakeParts.Ahead)).ToArray())];
        MostOutputs = most + (weights.Blocks[0].Length * delay);
    }

    public override int MostOutputs { get; }

    public override float* Append(int steps) => _input.Append(steps);

    public override void Advance(bool last)
    {
        do
        {
            var steps = (int)Math.Min(_input.End - _taken, _chunk);
            var ends = last && _taken + steps == _input.End;
            if (steps > 0)
                Upsample(steps);
            Blocks(_taken * _weights.Factor, ends);
            Next.Advance(ends);
        }
        while (_taken < _input.End);
        _input.Drop(_taken - UpReach);
    }

    public override long Outputs(long inputs, bool last)
    {
        var steps = inputs * _weights.Factor;
        for (var i = 0; i < 2 * _weights.Blocks[0].Length; i++)
            steps = AntiAliasedWeights.Outputs(steps, last);
        return steps;
    }

    private void Upsample(int steps)
    {
        var o = ConvolutionOperands.Of(_weights.Up);
        o.X = _input.Step(_taken - UpReach);
        o.XRowStride = _input.Pitch;
        o.Y = _up.Append(steps * _weights.Factor);
        ConvolutionJob.Run(_pool, in o, steps, default(NoFinish));
        _taken += steps;
    }

    private void Blocks(long length, bool last)
    {
        if (last)
            _up.AppendZeros(AntiAliasedSnakeParts.Ahead);
        var needed = long.MaxValue;
        for (var b = 0; b < _units.Length; b++)
        {
            var (x, steps) = (_up, length);
            for (var u = 0; u < _units[b].Length; u++)
            {
                var unit = _units[b][u];
                var count = unit.Prepare(x, steps, last);
                var alone = _units.Length == 1 && u == _units[b].Length - 1;
                unit.Finish(x, alone ? Next.Append(count) : _outputs[b][u].Append(count));
                if (u == 0)
                    needed = Math.Min(needed, unit.Needed);
                else
                    x.Drop(unit.Needed);
                (x, steps) = (_outputs[b][u], unit.Done);
                if (last && u < _units[b].Length - 1)
                    x.AppendZeros(AntiAliasedSnakeParts.Ahead);
            }
        }

        _up.Drop(needed);
        if (_units.Length > 1)
            Average();
    }

    // Of what all blocks have made; they wait for the same steps.
    private void Average()
    {
        var done = _units[0][^1].Done;
        var count = (int)(done - _averaged);
        if (count == 0)
            return;
        var y = Next.Append(count);
        var values = count * _up.Pitch;
        for (var b = 0; b < _outputs.Length; b++)
        {
            var window = _outputs[b][^1];
            Vectors.Run(new SumWork(values, window.Step(_averaged), b > 0, b == _outputs.Length - 1 ? _outputs.Length : 1, y));
            window.Drop(done);
        }

        _averaged = done;
    }

    /// <summary>y = ((adds ? y : 0) + x) / share, whole vectors.</summary>
    private readonly struct SumWork(int count, float* x, bool adds, int share, float* y) : IVectorWork
    {
        [MethodImpl(Jit.Hot)]
        public void Run<TWidth, TVector>()
            where TWidth : IWidth<TVector>
            where TVector : unmanaged
        {
            float* px = x, py = y;
            var divisor = TWidth.Broadcast(share);
            for (var i = 0; i < count; i += TWidth.Count)
            {
                var sum = adds ? TWidth.Add(TWidth.Load(py + i), TWidth.Load(px + i)) : TWidth.Load(px + i);
                TWidth.Store(share > 1 ? TWidth.Divide(sum, divisor) : sum, py + i);
            }
        }
    }
}

/// <summary>An activation between filters as a stage of its own.</summary>
internal sealed unsafe class AntiAliasedStage : CodecStage
{
    private readonly AntiAliasedWeights _weights;
    private readonly WorkerPool? _pool;
    private readonly SignalWindow _input;
    private long _done;

    public AntiAliasedStage(StreamMemory memory, AntiAliasedWeights weights, int pitch, int mostInputs, WorkerPool? pool)
    {
        (_weights, _pool) = (weights, pool);
        MostOutputs = mostInputs + AntiAliasedSnake.LookAhead;
        _input = new SignalWindow(memory, pitch, AntiAliasedSnakeParts.Back, MostOutputs + AntiAliasedSnakeParts.Back + AntiAliasedSnakeParts.Ahead);
    }

    public override int MostOutputs { get; }

    public override float* Append(int steps) => _input.Append(steps);

    public override void Advance(bool last)
    {
        var length = _input.End;
        var to = AntiAliasedWeights.Outputs(length, last);
        if (last)
            _input.AppendZeros(AntiAliasedSnakeParts.Ahead);
        if (to > _done)
        {
            _weights.Run(_pool, _input, _done, to, last ? length : long.MaxValue, Next.Append((int)(to - _done)));
            _done = to;
            _input.Drop(_done - AntiAliasedSnakeParts.Back);
        }

        Next.Advance(last);
    }

    public override long Outputs(long inputs, bool last) => AntiAliasedWeights.Outputs(inputs, last);
}
