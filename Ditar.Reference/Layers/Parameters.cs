// Where a layer's weights come from. A layer asks for each of its tensors by name and shape; the source either draws start values (training)
// or reads a checkpoint (everything else). Names carry the module path, "language.layers.3.attention.query.weight", in every file and graph.

using Ditar.Reference.Randomness;

namespace Ditar.Reference.Layers;

/// <summary>How a fresh weight starts.</summary>
public abstract record Start
{
    private Start()
    {
    }

    public static Start Zeros { get; } = new Constant(0);

    public static Start Ones { get; } = new Constant(1);

    public sealed record Constant(double Value) : Start;

    /// <summary>Gaussian with mean zero.</summary>
    public sealed record Normal(double Deviation) : Start;
}

/// <summary>Gives tensors by full name and remembers them in the order asked, which is the order of optimiser states and checkpoints.</summary>
public abstract class ParameterSource(ElementType type)
{
    private readonly List<KeyValuePair<string, Tensor>> taken = [];
    private readonly HashSet<string> names = [];

    public ElementType Type { get; } = type;

    /// <summary>Everything handed out so far.</summary>
    public IReadOnlyList<KeyValuePair<string, Tensor>> Taken => taken;

    public ParameterScope Root => new(this, "");

    /// <exception cref="InvalidOperationException">Two layers ask for the same name.</exception>
    public Tensor Take(string name, ReadOnlySpan<int> shape, Start start)
    {
        if (!names.Add(name)) throw new InvalidOperationException($"Two layers ask for the parameter {name}.");
        var tensor = Provide(name, shape, start);
        taken.Add(new(name, tensor));
        return tensor;
    }

    protected abstract Tensor Provide(string name, ReadOnlySpan<int> shape, Start start);
}

/// <summary>A place in the module tree.</summary>
public readonly record struct ParameterScope(ParameterSource Source, string Path)
{
    public ElementType Type => Source.Type;

    public ParameterScope this[string child] => new(Source, Full(child));

    public ParameterScope this[int index] => this[index.ToString(System.Globalization.CultureInfo.InvariantCulture)];

    public Tensor Take(string name, ReadOnlySpan<int> shape, Start start) => Source.Take(Full(name), shape, start);

    private string Full(string name) => Path.Length == 0 ? name : $"{Path}.{name}";
}

/// <summary>Start values from a seed. Each tensor's draw depends on its name only, so adding a layer changes no other.</summary>
public sealed class RandomParameters(ElementType type, ulong seed) : ParameterSource(type)
{
    protected override Tensor Provide(string name, ReadOnlySpan<int> shape, Start start)
    {
        switch (start)
        {
            case Start.Constant(var value):
                return Tensor.Full(Type, value, shape).Copy();
            case Start.Normal(var deviation):
            {
                var draws = new double[ShapeText.Count(shape)];
                NormalSource.FillNormal(seed, StreamOf(name), 0, draws);
                for (var i = 0; i < draws.Length; i++) draws[i] *= deviation;
                return Tensor.From(Type, draws, shape).Copy();
            }

            default:
                throw new ArgumentException($"Unknown start {start}.", nameof(start));
        }
    }

    // FNV-1a, 64 bits: string.GetHashCode changes from run to run.
    private static ulong StreamOf(string name)
    {
        var hash = 14695981039346656037UL;
        foreach (var character in name) hash = (hash ^ character) * 1099511628211UL;
        return hash;
    }
}
