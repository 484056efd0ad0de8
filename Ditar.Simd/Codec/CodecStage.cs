// A stretch of a codec's network in a stream: it holds the steps it still needs, takes the next ones, and hands on what is final. Stages are chained; the
// first is fed, the last writes samples or latents. A whole signal is one long stream: there is no other path, so any cut of a signal gives the same
// bits. Long pieces pass in chunks that keep a stage's signals in the second-level cache.

namespace Ditar.Simd;

internal abstract unsafe class CodecStage
{
    /// <summary>The stage that takes this one's outputs; set while the chain is built. The last stage has none.</summary>
    public CodecStage Next
    {
        get => field ?? throw new InvalidOperationException("The last stage of a chain has no next one.");
        set;
    }

    /// <summary>Most output steps of one <see cref="Advance"/>.</summary>
    public abstract int MostOutputs { get; }

    /// <summary>Where the next input steps are to be written.</summary>
    public abstract float* Append(int steps);

    /// <summary>Computes what became final with the steps appended, and makes the next stage do the same.</summary>
    /// <param name="last">The signal ends here.</param>
    public abstract void Advance(bool last);

    /// <summary>Output steps that are final after so many inputs in all.</summary>
    public abstract long Outputs(long inputs, bool last);
}

/// <summary>Where a chain's results go: memory of the caller, for the time of one push.</summary>
internal sealed unsafe class CodecSink
{
    private float* _place;
    private long _left;

    public void Open(float* place, long values)
    {
        _place = place;
        _left = values;
    }

    public float* Take(long values)
    {
        if (values < 0 || values > _left)
            throw new System.Diagnostics.UnreachableException($"The codec made {values} values where {_left} were announced.");
        var place = _place;
        _place += values;
        _left -= values;
        return place;
    }

    public void Close()
    {
        if (_left != 0)
            throw new System.Diagnostics.UnreachableException($"The codec made {_left} values less than announced.");
        _place = null;
    }
}
