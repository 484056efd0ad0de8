// The networks of one model in one element type, as the parts that are exported and compared.

using Ditar.Onnx;
using Ditar.Reference;
using Ditar.Reference.Layers;

namespace Ditar.Parity;

internal abstract class Networks
{
    /// <summary>In the order in which a waveform is made.</summary>
    public abstract IReadOnlyList<ModelPart> Parts { get; }

    /// <summary>See <see cref="WeightHash"/>; of float32 networks only.</summary>
    public abstract string Hash { get; }

    /// <exception cref="ArgumentException">There is no such part.</exception>
    public ModelPart Part(string name) => Parts.FirstOrDefault(part => part.Name == name)
        ?? throw new ArgumentException($"No part is called '{name}'; there are {string.Join(", ", Parts.Select(part => part.Name))}.", nameof(name));

    /// <summary>The names of weights and tables that a part may read.</summary>
    public abstract IEnumerable<KeyValuePair<string, Tensor>> Weights(string part);

    /// <summary>A manifest with this model's sizes.</summary>
    public abstract ExportManifest Sized(ExportManifest manifest);

    protected static IEnumerable<KeyValuePair<string, Tensor>> Tables(string path, Transformer stack) =>
        [new($"{path}.positions.cosine", stack.Positions.Cosine), new($"{path}.positions.sine", stack.Positions.Sine)];
}
