// One tensor of a run, by name: float32, float64, or the integers that symbols are. It owns its values; nothing here computes.

using Ditar.Reference;

namespace Ditar.Parity;

/// <param name="Shape">Outermost first.</param>
/// <param name="Values">float[], double[] or long[], row-major.</param>
internal sealed record RecordedTensor(string Name, int[] Shape, Array Values)
{
    public int Count => Values.Length;

    /// <summary>[2, 3, 64].</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";

    public string TypeName => Values switch
    {
        float[] => "float32",
        double[] => "float64",
        _ => "int64",
    };

    public static RecordedTensor Of(string name, Tensor tensor) =>
        new(name, tensor.Shape.ToArray(), tensor.Type == ElementType.Float32 ? tensor.ToSingles() : tensor.ToDoubles());

    /// <summary>As an input that every engine sees: rounded to float32.</summary>
    public static RecordedTensor Rounded(string name, Tensor tensor) => new(name, tensor.Shape.ToArray(), tensor.ToSingles());

    public static RecordedTensor Symbols(string name, int[] symbols) => new(name, [symbols.Length], Array.ConvertAll(symbols, symbol => (long)symbol));

    public double[] ToDoubles() => Values switch
    {
        double[] doubles => doubles,
        float[] singles => Array.ConvertAll(singles, value => (double)value),
        var integers => Array.ConvertAll((long[])integers, value => (double)value),
    };

    public Tensor ToTensor(ElementType type) => Values is float[] singles
        ? Tensor.From(singles, Shape).To(type)
        : Tensor.From(type, ToDoubles(), Shape);

    /// <exception cref="ArgumentException">Not integers, or none that a vocabulary has.</exception>
    public int[] ToSymbols()
    {
        if (Values is not long[] integers) throw new ArgumentException($"{Name} holds {TypeName}, not symbols.");
        return Array.ConvertAll(integers, value => value is >= 0 and <= int.MaxValue ? (int)value : throw new ArgumentException($"{Name} holds {value}, which is no symbol."));
    }

    /// <summary>Equal to the last bit.</summary>
    public bool SameAs(RecordedTensor other) => Shape.AsSpan().SequenceEqual(other.Shape) && (Values, other.Values) switch
    {
        (float[] a, float[] b) => a.AsSpan().SequenceEqual(b),
        (double[] a, double[] b) => a.AsSpan().SequenceEqual(b),
        (long[] a, long[] b) => a.AsSpan().SequenceEqual(b),
        _ => false,
    };
}
