// Random weights for models that nobody has trained, at the paper's sizes. Start values alone would not do: a zero start makes LocDiT's velocity zero and
// a comparison of nothing, and gains of one hide a forgotten gain. So every constant start is moved by noise of the size that training moves it.

using Ditar.Reference;
using Ditar.Reference.Layers;

namespace Ditar.Parity;

/// <summary>Float32 weights from a seed; each tensor's values depend on the seed and its name only.</summary>
internal sealed class RandomWeights(ulong seed) : ParameterSource(ElementType.Float32)
{
    private const double Moved = 0.1;
    private readonly RandomParameters starts = new(ElementType.Float32, seed);

    protected override Tensor Provide(string name, ReadOnlySpan<int> shape, Start start)
    {
        if (start is not Start.Constant(var value)) return starts.Take(name, shape, start);
        // A matrix that starts at zero is a projection: noise of fixed size would grow with its width.
        var deviation = shape.Length > 1 ? 1 / Math.Sqrt(shape[^1]) : Moved;
        var moved = starts.Take(name, shape, new Start.Normal(deviation));
        foreach (ref var weight in moved.Values<float>()) weight = (float)(weight + value);
        return moved;
    }
}

/// <summary>Hands out given weights by name, in the element type asked for; float32 ones are shared, not copied.</summary>
internal sealed class GivenWeights(IReadOnlyDictionary<string, Tensor> weights, ElementType type) : ParameterSource(type)
{
    protected override Tensor Provide(string name, ReadOnlySpan<int> shape, Start start)
    {
        if (!weights.TryGetValue(name, out var given) || !given.Shape.SequenceEqual(shape))
            throw new InvalidOperationException($"The weights have no {name} of shape [{string.Join(", ", shape.ToArray())}].");
        return given.To(Type);
    }
}
