// The noise of each patch, drawn by address so that it depends on the seed and the patch's number only, or handed in from outside for comparisons.

using Ditar.Reference.Randomness;

namespace Ditar.Reference.Diffusion;

public interface INoise
{
    /// <param name="patch">The number of the patch; asked twice it gives the same noise.</param>
    /// <param name="shape">[batch, P, D].</param>
    Tensor Draw(int patch, ElementType type, ReadOnlySpan<int> shape);
}

/// <summary>Standard normals from a seed; the patch's number is the stream.</summary>
public sealed record SeededNoise(ulong Seed) : INoise
{
    public Tensor Draw(int patch, ElementType type, ReadOnlySpan<int> shape)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(patch);
        const int onStack = 1024;
        var count = ShapeText.Count(shape);
        var draws = count <= onStack ? stackalloc double[count] : new double[count];
        NormalSource.FillNormal(Seed, (ulong)patch, 0, draws);
        return Tensor.From(type, draws, shape);
    }
}

/// <summary>Noise recorded elsewhere.</summary>
/// <param name="patches">One [batch, P, D] for each patch that may be drawn.</param>
public sealed class GivenNoise(params IReadOnlyList<Tensor> patches) : INoise
{
    /// <exception cref="ArgumentException">There is none for this patch, or it is shaped otherwise.</exception>
    public Tensor Draw(int patch, ElementType type, ReadOnlySpan<int> shape)
    {
        if (patch < 0 || patch >= patches.Count) throw new ArgumentException($"Noise was given for {patches.Count} patches, asked for number {patch}.", nameof(patch));
        var given = patches[patch];
        if (!given.Shape.SequenceEqual(shape)) throw new ArgumentException($"The noise of patch {patch} is {given}, expected {ShapeText.Of(shape)}.", nameof(shape));
        return given.To(type);
    }
}
