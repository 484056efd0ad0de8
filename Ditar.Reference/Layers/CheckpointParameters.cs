// Weights from a safetensors file. Every tensor is checked against the shape that the layer asks for before it is read, and has to be finite;
// tensors that no layer asked for are an error too: the file is of another model then. Quantised matrices are read as the numbers they stand for.

using Ditar.Reference.Files;

namespace Ditar.Reference.Layers;

/// <param name="file">Stays open only while layers are built; values are converted to the element type and kept in memory.</param>
public sealed class CheckpointParameters(SafetensorsFile file, ElementType type) : ParameterSource(type)
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
            var rounded = Tensor.Zeros(ElementType.Float32, shape).Copy();
            QuantisedMatrix.Read(file, name, shape, rounded.Values<float>());
            return rounded.To(Type).Copy();
        }

        long[] wanted = [.. shape.ToArray().Select(extent => (long)extent)];
        file.Require(name, wanted);
        file.CheckFinite(name);
        var tensor = Tensor.Zeros(Type, shape).Copy();
        if (Type == ElementType.Float32) file.ReadFloat32(name, tensor.Values<float>());
        else file.ReadFloat64(name, tensor.Values<double>());
        return tensor;
    }
}
