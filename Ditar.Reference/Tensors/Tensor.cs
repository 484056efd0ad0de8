// The one tensor type: a dense row-major block of float32 or float64, immutable by convention (optimisers write into parameters through Values).
// Operations live in Tensor.*.cs by kind; each checks shapes, calls the kernel seam, and tells the tape how its gradient flows.
// A reshape or a slice of the first axis is a view; everything else copies.

using System.Numerics;
using Ditar.Reference.Kernels;
using Ditar.Reference.Tracing;

namespace Ditar.Reference;

public sealed partial class Tensor
{
    private Storage storage;
    private int offset;
    private int[] shape;

    internal Tensor(Storage storage, int offset, ReadOnlySpan<int> shape)
    {
        this.storage = storage;
        this.offset = offset;
        this.shape = shape.ToArray();
        Count = ShapeText.Count(shape);
    }

    public ElementType Type => storage.Type;

    public ReadOnlySpan<int> Shape => shape;

    public int Rank => shape.Length;

    /// <summary>Number of elements.</summary>
    public int Count { get; private set; }

    /// <summary>The extent of an axis, counted from the end when negative.</summary>
    public int this[int axis] => shape[ShapeText.Axis(axis, Rank)];

    internal Tape.Entry? Entry { get; set; }

    private static IKernels Kernels => KernelSet.Current;

    public static Tensor Zeros(ElementType type, params ReadOnlySpan<int> shape)
    {
        var tensor = Allocate(type, shape);
        if (type == ElementType.Float32) tensor.Values<float>().Clear();
        else tensor.Values<double>().Clear();
        return Observation.Record(OperationKind.Fill, tensor, [], numbers: [0]);
    }

    public static Tensor Full(ElementType type, double value, params ReadOnlySpan<int> shape)
    {
        var tensor = Allocate(type, shape);
        if (type == ElementType.Float32) tensor.Values<float>().Fill((float)value);
        else tensor.Values<double>().Fill(value);
        return Observation.Record(OperationKind.Fill, tensor, [], numbers: [value]);
    }

    /// <summary>A tensor that holds a copy of <paramref name="values"/>.</summary>
    /// <exception cref="ArgumentException">The shape does not hold that many values.</exception>
    public static Tensor From(ReadOnlySpan<float> values, params ReadOnlySpan<int> shape)
    {
        var tensor = Allocate(ElementType.Float32, shape);
        RequireCount(values.Length, tensor);
        values.CopyTo(tensor.Values<float>());
        return tensor;
    }

    /// <inheritdoc cref="From(ReadOnlySpan{float}, ReadOnlySpan{int})"/>
    public static Tensor From(ReadOnlySpan<double> values, params ReadOnlySpan<int> shape)
    {
        var tensor = Allocate(ElementType.Float64, shape);
        RequireCount(values.Length, tensor);
        values.CopyTo(tensor.Values<double>());
        return tensor;
    }

    /// <summary>A tensor of either type from double values, rounded when it is float32.</summary>
    public static Tensor From(ElementType type, ReadOnlySpan<double> values, params ReadOnlySpan<int> shape)
    {
        using var constant = Observation.Compose();
        return From(values, shape).To(type);
    }

    /// <summary>A tensor whose values are read where they are stored when they are first asked for.</summary>
    /// <param name="values">As many as the shape holds.</param>
    public static Tensor Of(ElementType type, StoredValues values, params ReadOnlySpan<int> shape)
    {
        ArgumentNullException.ThrowIfNull(values);
        return new Tensor(new Storage(type, ShapeText.Count(shape), values), 0, shape);
    }

    /// <summary>Reads values that are still stored elsewhere, so that they need not be there any more.</summary>
    public void Materialise()
    {
        if (Type == ElementType.Float32) _ = Values<float>();
        else _ = Values<double>();
    }

    /// <summary>Where the values lie while nobody has asked this tensor for them; else null.</summary>
    public StoredValues? Stored => Count == storage.Capacity ? storage.Stored : null;

    /// <summary>The elements, row-major. Writing is for optimisers and loaders: a tape that recorded this tensor does not see it.</summary>
    /// <exception cref="InvalidOperationException">T is not the element type.</exception>
    public Span<T> Values<T>() where T : unmanaged
    {
        var right = Type == ElementType.Float32 ? typeof(T) == typeof(float) : typeof(T) == typeof(double);
        if (!right) throw new InvalidOperationException($"The tensor holds {Type}, asked for {typeof(T).Name}.");
        return storage.Values<T>(offset, Count);
    }

    /// <summary>The only element of a one-element tensor.</summary>
    public double Scalar()
    {
        if (Count != 1) throw new InvalidOperationException($"Scalar needs one element, found shape {ShapeText.Of(shape)}.");
        return Type == ElementType.Float32 ? Values<float>()[0] : Values<double>()[0];
    }

    public float[] ToSingles() => Type == ElementType.Float32 ? Values<float>().ToArray() : To(ElementType.Float32).Values<float>().ToArray();

    public double[] ToDoubles() => Type == ElementType.Float64 ? Values<double>().ToArray() : To(ElementType.Float64).Values<double>().ToArray();

    /// <summary>The same numbers in another element type; itself when it has that type. Not differentiable.</summary>
    public Tensor To(ElementType type)
    {
        if (type == Type) return this;
        var result = Allocate(type, shape);
        if (type == ElementType.Float64) Convert(Values<float>(), result.Values<double>());
        else Convert(Values<double>(), result.Values<float>());
        return Observation.Record(OperationKind.Convert, result, [this]);
    }

    /// <summary>The value without its history: no gradient flows through.</summary>
    public Tensor StopGradient() => Observation.Record(OperationKind.Identity, View(0, shape), [this]);

    /// <summary>A copy that outlives any tape.</summary>
    public Tensor Copy()
    {
        var copy = new Tensor(new Storage(Type, Count), 0, shape);
        if (Type == ElementType.Float32) Values<float>().CopyTo(copy.Values<float>());
        else Values<double>().CopyTo(copy.Values<double>());
        return Observation.Record(OperationKind.Identity, copy, [this]);
    }

    public override string ToString() => $"{Type} {ShapeText.Of(shape)}";

    internal static Tensor Allocate(ElementType type, ReadOnlySpan<int> shape)
    {
        var count = ShapeText.Count(shape);
        return Arena.Current is { } arena ? arena.Wrap(arena.Rent(type, count), 0, shape) : new Tensor(new Storage(type, count), 0, shape);
    }

    /// <summary>Makes another tensor of this one. For the arena, when everything made of it is over.</summary>
    internal void Become(Storage newStorage, int newOffset, ReadOnlySpan<int> newShape)
    {
        (storage, offset, Count) = (newStorage, newOffset, ShapeText.Count(newShape));
        if (shape.Length == newShape.Length) newShape.CopyTo(shape);
        else shape = newShape.ToArray();
    }

    internal Tensor Like() => Allocate(Type, shape);

    internal void AddInPlace(Tensor other)
    {
        if (Type == ElementType.Float32) Kernels.AddScaled<float>(other.Values<float>(), 1, Values<float>());
        else Kernels.AddScaled<double>(other.Values<double>(), 1, Values<double>());
    }

    // A view lives as long as what it shows: in the arena only if that does.
    private Tensor View(int start, ReadOnlySpan<int> newShape) => Arena.Current is { } arena && storage.Owner == arena
        ? arena.Wrap(storage, offset + start, newShape)
        : new Tensor(storage, offset + start, newShape);

    private static void RequireCount(int found, Tensor tensor)
    {
        if (found != tensor.Count) throw new ArgumentException($"Shape {ShapeText.Of(tensor.Shape)} holds {tensor.Count} values, {found} were given.");
    }

    private static void RequireSameType(Tensor a, Tensor b)
    {
        if (a.Type != b.Type) throw new ArgumentException($"Element types differ: {a} and {b}.");
    }

    private static void Convert<TFrom, TTo>(ReadOnlySpan<TFrom> from, Span<TTo> to)
        where TFrom : unmanaged, INumberBase<TFrom>
        where TTo : unmanaged, INumberBase<TTo>
    {
        for (var i = 0; i < from.Length; i++) to[i] = TTo.CreateTruncating(from[i]);
    }
}
