// A weight matrix in the order in which the tiles of a skinny product read it. Packed once at load, then only read. Sources are float32, bfloat16
// (kept bit by bit in that format), or integers that were rounded ahead.

namespace Ditar.Simd;

/// <summary>An immutable weight matrix [outputs, inputs], shared between sessions; any number of threads may multiply with it at once.</summary>
public sealed unsafe class PackedMatrix : IDisposable
{
    /// <summary>Inputs that share a scale in <see cref="WeightFormat.Int4"/>, where nothing else is said.</summary>
    public const int DefaultGroup = 32;

    // Below this many multiply-adds per thread a product takes about as long as waking one.
    private const long LeastWorkPerThread = 1 << 17;

    private readonly PanelShape _shape;
    private readonly NativeBuffer _memory;
    private NextMatrix _next;

    private PackedMatrix(PanelShape shape)
    {
        _shape = shape;
        _memory = new NativeBuffer(shape.Bytes);
    }

    /// <summary>Values per row of a product.</summary>
    public int Outputs => _shape.Outputs;

    /// <summary>Values per row of activations.</summary>
    public int Inputs => _shape.Inputs;

    /// <summary>Whether the product is silu(x gate^T) * (x up^T).</summary>
    public bool Gated => _shape.Gated;

    /// <summary>How the weights are stored.</summary>
    public WeightFormat Format => _shape.Format;

    /// <summary>Inputs that share a scale, for <see cref="WeightFormat.Int4"/>.</summary>
    public int Group => _shape.Group;

    /// <summary>Bytes of memory held.</summary>
    public long Bytes => (long)_memory.Bytes;

    /// <summary>Says which matrix is probably multiplied with after this one: its first panels are asked for while this one's last are computed.</summary>
    /// <param name="next">Must not be disposed yet; once it is, asking for it does nothing.</param>
    public void IsFollowedBy(PackedMatrix next)
    {
        ArgumentNullException.ThrowIfNull(next);
        _next = new NextMatrix((byte*)next._memory.Pointer, next._shape);
    }

    /// <summary>Packs a matrix.</summary>
    /// <param name="outputs">Rows of the weight.</param>
    /// <param name="inputs">Columns of the weight.</param>
    /// <param name="weight">[outputs, inputs].</param>
    /// <param name="format">How to store it.</param>
    /// <param name="pool">Threads to use, null for the calling thread alone.</param>
    /// <param name="group">Inputs per scale, 32 or 64, for <see cref="WeightFormat.Int4"/>.</param>
    /// <exception cref="ArgumentException">The span has another length, or a size cannot be packed: quantised sums have at most 65,536 inputs.</exception>
    public static PackedMatrix Pack(
        int outputs, int inputs, ReadOnlySpan<float> weight, WeightFormat format, WorkerPool? pool = null, int group = DefaultGroup)
    {
        CheckLength(outputs, inputs, weight.Length, nameof(weight));
        var shape = new PanelShape(outputs, inputs, false, format, group);
        fixed (float* pointer = weight)
            return FromRows(shape, new Float32Rows(pointer, inputs), default, pool);
    }

    /// <summary>Packs the two matrices of a gated product, silu(x gate^T) * (x up^T), as one.</summary>
    /// <param name="outputs">Rows of each weight.</param>
    /// <param name="inputs">Columns of each weight.</param>
    /// <param name="gate">[outputs, inputs].</param>
    /// <param name="up">[outputs, inputs].</param>
    /// <param name="format">How to store them.</param>
    /// <param name="pool">Threads to use, null for the calling thread alone.</param>
    /// <param name="group">Inputs per scale, 32 or 64, for <see cref="WeightFormat.Int4"/>.</param>
    /// <exception cref="ArgumentException">As for <c>Pack</c>.</exception>
    public static PackedMatrix PackGated(
        int outputs, int inputs, ReadOnlySpan<float> gate, ReadOnlySpan<float> up, WeightFormat format, WorkerPool? pool = null, int group = DefaultGroup)
    {
        CheckLength(outputs, inputs, gate.Length, nameof(gate));
        CheckLength(outputs, inputs, up.Length, nameof(up));
        var shape = new PanelShape(outputs, inputs, true, format, group);
        fixed (float* first = gate, second = up)
            return FromRows(shape, new Float32Rows(first, inputs), new Float32Rows(second, inputs), pool);
    }

    /// <summary>Packs a matrix of bfloat16 numbers, given by their bits.</summary>
    /// <inheritdoc cref="Pack(int, int, ReadOnlySpan{float}, WeightFormat, WorkerPool?, int)"/>
    public static PackedMatrix Pack(
        int outputs, int inputs, ReadOnlySpan<ushort> weight, WeightFormat format, WorkerPool? pool = null, int group = DefaultGroup)
    {
        CheckLength(outputs, inputs, weight.Length, nameof(weight));
        var shape = new PanelShape(outputs, inputs, false, format, group);
        fixed (ushort* pointer = weight)
            return FromRows(shape, new BFloat16Rows(pointer, inputs), default, pool);
    }

    /// <summary>Packs the two matrices of a gated product of bfloat16 numbers, given by their bits.</summary>
    /// <inheritdoc cref="PackGated(int, int, ReadOnlySpan{float}, ReadOnlySpan{float}, WeightFormat, WorkerPool?, int)"/>
    public static PackedMatrix PackGated(
        int outputs, int inputs, ReadOnlySpan<ushort> gate, ReadOnlySpan<ushort> up, WeightFormat format, WorkerPool? pool = null, int group = DefaultGroup)
    {
        CheckLength(outputs, inputs, gate.Length, nameof(gate));
        CheckLength(outputs, inputs, up.Length, nameof(up));
        var shape = new PanelShape(outputs, inputs, true, format, group);
        fixed (ushort* first = gate, second = up)
            return FromRows(shape, new BFloat16Rows(first, inputs), new BFloat16Rows(second, inputs), pool);
    }

    /// <summary>Packs integers that <see cref="WeightQuantizer.ToInt8"/> made.</summary>
    /// <param name="outputs">Rows of the weight.</param>
    /// <param name="inputs">Columns of the weight.</param>
    /// <param name="integers">[outputs, inputs]. Values of -128 are not symmetric, but allowed.</param>
    /// <param name="scales">[outputs].</param>
    /// <param name="pool">Threads to use, null for the calling thread alone.</param>
    /// <exception cref="ArgumentException">A span has another length, or a size cannot be packed.</exception>
    public static PackedMatrix PackInt8(int outputs, int inputs, ReadOnlySpan<sbyte> integers, ReadOnlySpan<float> scales, WorkerPool? pool = null)
    {
        CheckLength(outputs, inputs, integers.Length, nameof(integers));
        CheckLength(outputs, 1, scales.Length, nameof(scales));
        var shape = new PanelShape(outputs, inputs, false, WeightFormat.Int8, DefaultGroup);
        fixed (sbyte* pointer = integers)
        fixed (float* factors = scales)
            return FromIntegers(shape, new StoredIntegerRows(pointer, factors), default, pool);
    }

    /// <summary>Packs the two matrices of a gated product from integers that <see cref="WeightQuantizer.ToInt8"/> made.</summary>
    /// <inheritdoc cref="PackInt8"/>
    public static PackedMatrix PackGatedInt8(
        int outputs, int inputs, ReadOnlySpan<sbyte> gate, ReadOnlySpan<float> gateScales, ReadOnlySpan<sbyte> up, ReadOnlySpan<float> upScales,
        WorkerPool? pool = null)
    {
        CheckLength(outputs, inputs, gate.Length, nameof(gate));
        CheckLength(outputs, inputs, up.Length, nameof(up));
        CheckLength(outputs, 1, gateScales.Length, nameof(gateScales));
        CheckLength(outputs, 1, upScales.Length, nameof(upScales));
        var shape = new PanelShape(outputs, inputs, true, WeightFormat.Int8, DefaultGroup);
        fixed (sbyte* first = gate, second = up)
        fixed (float* firstScales = gateScales, secondScales = upScales)
            return FromIntegers(shape, new StoredIntegerRows(first, firstScales), new StoredIntegerRows(second, secondScales), pool);
    }

    /// <summary>Packs integers that <see cref="WeightQuantizer.ToInt4"/> made.</summary>
    /// <param name="outputs">Rows of the weight.</param>
    /// <param name="inputs">Columns of the weight.</param>
    /// <param name="nibbles">[outputs, ceil(inputs / 2)]: two integers to a byte, the even input in the low nibble, as two's complement.</param>
    /// <param name="scales">[outputs, ceil(inputs / group)].</param>
    /// <param name="group">Inputs per scale, 32 or 64.</param>
    /// <param name="pool">Threads to use, null for the calling thread alone.</param>
    /// <exception cref="ArgumentException">A span has another length, or a size cannot be packed.</exception>
    public static PackedMatrix PackInt4(
        int outputs, int inputs, ReadOnlySpan<byte> nibbles, ReadOnlySpan<float> scales, int group = DefaultGroup, WorkerPool? pool = null)
    {
        var shape = new PanelShape(outputs, inputs, false, WeightFormat.Int4, group);
        CheckNibbles(shape, nibbles.Length, scales.Length, nameof(nibbles));
        fixed (byte* pointer = nibbles)
        fixed (float* factors = scales)
            return FromIntegers(shape, new StoredNibbleRows(pointer, factors), default, pool);
    }

    /// <summary>Packs the two matrices of a gated product from integers that <see cref="WeightQuantizer.ToInt4"/> made.</summary>
    /// <inheritdoc cref="PackInt4"/>
    public static PackedMatrix PackGatedInt4(
        int outputs, int inputs, ReadOnlySpan<byte> gate, ReadOnlySpan<float> gateScales, ReadOnlySpan<byte> up, ReadOnlySpan<float> upScales,
        int group = DefaultGroup, WorkerPool? pool = null)
    {
        var shape = new PanelShape(outputs, inputs, true, WeightFormat.Int4, group);
        CheckNibbles(shape, gate.Length, gateScales.Length, nameof(gate));
        CheckNibbles(shape, up.Length, upScales.Length, nameof(up));
        fixed (byte* first = gate, second = up)
        fixed (float* firstScales = gateScales, secondScales = upScales)
            return FromIntegers(shape, new StoredNibbleRows(first, firstScales), new StoredNibbleRows(second, secondScales), pool);
    }

    /// <summary>y = epilogue(x W^T), for a gated matrix epilogue(silu(x gate^T) * (x up^T)).</summary>
    /// <param name="x">[rows, inputs], prepared for this format (and group).</param>
    /// <param name="epilogue">Applied to each value before it is stored.</param>
    /// <param name="y">[rows, outputs] with the row stride that follows; must not overlap the prepared rows.</param>
    /// <param name="yRowStride">Elements between rows of y.</param>
    /// <param name="pool">Threads to use, null for the calling thread alone. The result has the same bits either way.</param>
    /// <exception cref="ArgumentException">The rows were prepared for other weights, or a gated product is given a bias or an activation.</exception>
    /// <exception cref="ObjectDisposedException">The matrix was disposed.</exception>
    /// <remarks>Allocates nothing. With float32 and bfloat16 weights each value is one chain of multiply-adds over the inputs in order.</remarks>
    public void Multiply(in PreparedRows x, in Epilogue epilogue, float* y, nint yRowStride, WorkerPool? pool = null)
    {
        var fits = PanelShape.IsInteger(Format) ? x.Format == Format && (Format != WeightFormat.Int4 || x.Group == Group) : !PanelShape.IsInteger(x.Format);
        if (x.Inputs != Inputs || !fits)
            throw new ArgumentException($"Rows have {x.Inputs} values for {x.Format} weights, the matrix takes {Inputs} and is {Format}.", nameof(x));
        if (Gated && (epilogue.Bias != null || epilogue.Activation != Activation.None))
            throw new ArgumentException("A gated product has no bias and no activation of its own.", nameof(epilogue));
        if (x.Rows == 0 || Outputs == 0)
            return;
        var memory = (byte*)_memory.Pointer;
        var work = (long)x.Rows * Outputs * Inputs * (Gated ? 2 : 1);
        var parts = (int)Math.Clamp(work / LeastWorkPerThread, 1, Math.Min(pool?.Size ?? 1, _shape.Panels));
        var runs = stackalloc long[PanelQueue.Length(parts)];
        var operands = new SkinnyOperands(_shape, memory, x, epilogue, y, yRowStride, new PanelQueue(runs, parts, _shape.Panels), _next);
        switch (Format)
        {
            case WeightFormat.Float32:
                Run(new FloatProduct<Float32Panel>(operands), parts, pool);
                break;
            case WeightFormat.BFloat16:
                Run(new FloatProduct<BFloat16Panel>(operands), parts, pool);
                break;
            case WeightFormat.Int8:
                Run(new IntegerProduct<Bytes>(operands), parts, pool);
                break;
            default:
                Run(new IntegerProduct<Nibbles>(operands), parts, pool);
                break;
        }

        GC.KeepAlive(this);
    }

    /// <summary>Frees the weights. No product may be running.</summary>
    public void Dispose() => _memory.Dispose();

    private static PackedMatrix FromRows<TRows>(PanelShape shape, TRows first, TRows second, WorkerPool? pool)
        where TRows : struct, IWeightRows
    {
        if (PanelShape.IsInteger(shape.Format))
        {
            var group = shape.Format == WeightFormat.Int4 ? shape.Group : 0;
            return FromIntegers(shape, new RoundedRows<TRows>(first, group), new RoundedRows<TRows>(second, group), pool);
        }

        var matrix = new PackedMatrix(shape);
        var parts = Math.Clamp(shape.Panels, 1, pool?.Size ?? 1);
        Run(new FloatPacking<TRows>(shape, first, second, (byte*)matrix._memory.Pointer, parts), parts, pool);
        return matrix;
    }

    private static PackedMatrix FromIntegers<TRows>(PanelShape shape, TRows first, TRows second, WorkerPool? pool)
        where TRows : struct, IIntegerRows
    {
        var matrix = new PackedMatrix(shape);
        var parts = Math.Clamp(shape.Panels, 1, pool?.Size ?? 1);
        Run(new IntegerPacking<TRows>(shape, first, second, (byte*)matrix._memory.Pointer, parts), parts, pool);
        return matrix;
    }

    private static void Run<TWork>(TWork work, int parts, WorkerPool? pool)
        where TWork : struct, IParallelWork
    {
        if (parts == 1)
            work.Invoke(0);
        else
            pool!.Run(parts, work);
    }

    private static void CheckLength(int outputs, int inputs, int length, string name)
    {
        if (outputs < 0 || inputs < 0 || length != (long)outputs * inputs)
            throw new ArgumentException($"{name} is [{outputs}, {inputs}]: that is {(long)outputs * inputs} elements, the span has {length}.", name);
    }

    private static void CheckNibbles(PanelShape shape, int bytes, int scales, string name)
    {
        CheckLength(shape.Outputs, (shape.Inputs + 1) / 2, bytes, name);
        CheckLength(shape.Outputs, Int4Panel.Groups(shape.Inputs, shape.Group), scales, $"{name} scales");
    }
}
