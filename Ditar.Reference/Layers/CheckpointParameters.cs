// Weights from a safetensors file. Every tensor is checked against the shape that the layer asks for before it is read, and has to be finite;
// tensors that no layer asked for are an error too: the file is of another model then. Quantised matrices are read as the numbers they stand for.

using Ditar.Reference.Files;

namespace Ditar.Reference.Layers;

/// <param name="file">Stays open while layers are built, and with <paramref name="later"/> for as long as their weights live.</param>
/// <param name="later">Whether weights are read when they are first used instead of now. They are checked now either way.</param>
public sealed class CheckpointParameters(SafetensorsFile file, ElementType type, bool later = false) : ParameterSource(type)
{
    private readonly HashSet<string> scales = new(StringComparer.Ordinal);

    /// <exception cref="CheckpointException">A tensor was not asked for by any layer.</exception>
    public void RequireAllTaken()
    {
        var taken = Taken.Select(t => t.Key).ToHashSet(StringComparer.Ordinal);
        foreach (var name in file.Names)
            if (!taken.Contains(name) && !scales.Contains(name)) throw new CheckpointException(file.Path, name, "only tensors of this model", "a tensor that no layer has");
    }

    protected override Tensor Provide(string name, ReadOnlySpan<int> shape, Start start)
    {
        if (QuantisedMatrix.IsIn(file, name))
        {
            scales.Add(QuantisedMatrix.ScaleName(name));
            QuantisedMatrix.Check(file, name, shape);
        }
        else
        {
            file.Require(name, [.. shape.ToArray().Select(extent => (long)extent)]);
            file.CheckFinite(name);
        }

        var tensor = Tensor.Of(Type, new FileValues(file, name, shape.ToArray()), shape);
        if (!later) tensor.Materialise();
        return tensor;
    }
}
