// BigVGAN's anti-aliased blocks in a stream (Ditar.Reference/Vae/BigVganDecoder: AmpBlock, AntiAliasedSnake). The activations wait for six steps, as the
// definition's do, so that both hand out the same samples at the same time.

using Ditar.Reference.Vae;

namespace Ditar.Simd;

/// <summary>Snake between two filters: slopes of its channels.</summary>
internal sealed unsafe class AntiAliasedWeights(CodecWeights weights) : IDisposable
{
    private readonly ChannelValues _filter = new(Array.ConvertAll(HalfBandFilter.Create(), tap => (float)tap), HalfBandFilter.Taps);
    private readonly SnakeSlopes _slopes = new(weights.Slopes());

    /// <summary>Steps of <paramref name="x"/> from..to, read where the window has them.</summary>
    /// <param name="length">Of the whole signal, or <see cref="long.MaxValue"/>.</param>
    public void Run(WorkerPool? pool, SignalWindow x, long from, long to, long length, float* z)
    {
        if (from == to)
            return;
        var steps = to - from;
        var parts = VectorParts.Count(pool, steps * x.Pitch * AntiAliasedSnakeParts.Work);
        VectorParts.Run(pool, parts, new AntiAliasedSnakeParts(
            x.Step(from) - ((nint)from * x.Pitch), x.Pitch, _slopes.Slopes, _slopes.Inverses, _filter.Values, from, to, length, z - ((nint)from * x.Pitch), parts));
    }

    /// <summary>Steps that are final after so many.</summary>
    public static long Outputs(long inputs, bool last) => last ? inputs : Math.Max(0, inputs - AntiAliasedSnake.LookAhead);

    public void Dispose()
    {
        _filter.Dispose();
        _slopes.Dispose();
    }
}

/// <summary>x + near(snake(wide(snake(x)))).</summary>
internal sealed class AmpUnitWeights : IDisposable
{
    public AmpUnitWeights(CodecWeights weights, int kernel, int dilation)
    {
        (Kernel, Dilation) = (kernel, dilation);
        Before = new AntiAliasedWeights(weights["snake_before"]);
        Between = new AntiAliasedWeights(weights["snake_between"]);
        var wide = weights["wide"].Convolution();
        var pitch = Vectors.Padded(wide.Inputs);
        Wide = new PackedConvolution(wide, pitch, dilation);
        Near = new PackedConvolution(weights["near"].Convolution(), pitch);
    }

    public int Kernel { get; }

    public int Dilation { get; }

    public AntiAliasedWeights Before { get; }

    public AntiAliasedWeights Between { get; }

    public PackedConvolution Wide { get; }

    public PackedConvolution Near { get; }

    public int Pitch => Near.Pitch;

    public void Dispose()
    {
        foreach (var part in (ReadOnlySpan<IDisposable>)[Before, Between, Wide, Near])
            part.Dispose();
    }
}

internal sealed unsafe class AmpUnit
{
    private readonly AmpUnitWeights _weights;
    private readonly WorkerPool? _pool;
    private readonly SignalWindow _wide, _between, _near;
    private long _filtered, _widened;

    public AmpUnit(StreamMemory memory, AmpUnitWeights weights, int mostInputs, WorkerPool? pool)
    {
        (_weights, _pool) = (weights, pool);

        // Nothing is held that was not given in the last call, but for the reach of the layers.
        var room = mostInputs + (4 * AntiAliasedSnake.LookAhead);
        _wide = new SignalWindow(memory, weights.Pitch, (weights.Kernel - 1) * weights.Dilation, room);
        _between = new SignalWindow(memory, weights.Pitch, AntiAliasedSnakeParts.Back, room + AntiAliasedSnakeParts.Back + AntiAliasedSnakeParts.Ahead);
        _near = new SignalWindow(memory, weights.Pitch, weights.Kernel - 1, room);
    }

    /// <summary>Steps that are out.</summary>
    public long Done { get; private set; }

    /// <summary>The first step of the input that is still needed.</summary>
    public long Needed => Math.Min(Done, _filtered - AntiAliasedSnakeParts.Back);

    /// <summary>Everything before the last convolution.</summary>
    /// <param name="x">With <see cref="AntiAliasedSnakeParts.Ahead"/> zeros behind its end, if that is known.</param>
    /// <param name="length">Steps of x so far, without such zeros.</param>
    /// <returns>Steps that <see cref="Finish"/> can make.</returns>
    public int Prepare(SignalWindow x, long length, bool last)
    {
        var to = AntiAliasedWeights.Outputs(length, last);
        _weights.Before.Run(_pool, x, _filtered, to, last ? length : long.MaxValue, _wide.Append((int)(to - _filtered)));
        _filtered = to;

        var rows = (int)(to - _widened);
        var o = ConvolutionOperands.Of(_weights.Wide);
        var reach = (_weights.Kernel - 1) * _weights.Dilation;
        o.X = _wide.Step(_widened - reach);
        o.XRowStride = _weights.Pitch;
        o.Y = _between.Append(rows);
        ConvolutionJob.Run(_pool, in o, rows, default(NoFinish));
        _widened = to;
        _wide.Drop(_widened - reach);

        if (last)
            _between.AppendZeros(AntiAliasedSnakeParts.Ahead);
        var ready = AntiAliasedWeights.Outputs(_widened, last);
        var from = _near.End;
        _weights.Between.Run(_pool, _between, from, ready, last ? length : long.MaxValue, _near.Append((int)(ready - from)));
        _between.Drop(ready - AntiAliasedSnakeParts.Back);
        return (int)(ready - Done);
    }

    /// <summary>The last convolution and the residual, for all steps that were prepared.</summary>
    public void Finish(SignalWindow x, float* y)
    {
        var rows = (int)(_near.End - Done);
        if (rows == 0)
            return;
        var o = ConvolutionOperands.Of(_weights.Near);
        o.X = _near.Step(Done - _weights.Kernel + 1);
        o.XRowStride = _weights.Pitch;
        o.Residual = x.Step(Done);
        o.ResidualRowStride = _weights.Pitch;
        o.Y = y;
        ConvolutionJob.Run(_pool, in o, rows, default(NoFinish));
        Done += rows;
        _near.Drop(Done - _weights.Kernel + 1);
    }
}
