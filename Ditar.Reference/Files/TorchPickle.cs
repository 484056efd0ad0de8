// The pickle inside a torch file, read as data. A pickle is a program for a small stack machine, and "load" runs it; this machine knows the opcodes that
// torch.save writes for a dictionary of tensors, and the only "functions" are the five in Call, which make values of this reader. Any other name is refused where it is
// mentioned, so nothing of a hostile file is ever executed. Every value costs at least a byte of the file: memory is bounded by its length.
using System.Buffers.Binary;
using System.Text;

namespace Ditar.Reference.Files;

/// <summary>A tensor as the pickle describes it; offset and strides in elements.</summary>
internal sealed record TorchTensor(TorchStorage Storage, long Offset, long[] Shape, long[] Strides);

internal sealed record TorchStorage(SafetensorsType Type, string Key, long Count);

/// <summary>A dictionary, in order.</summary>
internal sealed class TorchDictionary
{
    public List<KeyValuePair<object?, object?>> Items { get; } = [];
}

internal sealed class TorchPickle
{
    /// <summary>Stacks and memos of real files stay far below.</summary>
    private const int MostValues = 1 << 22;

    private const int MostNumbers = 8;

    private static readonly object Mark = new();
    private readonly byte[] bytes;
    private readonly string path;
    private readonly List<object?> stack = [];
    private readonly Dictionary<long, object?> memo = [];
    private int at;

    private TorchPickle(byte[] bytes, string path) => (this.bytes, this.path) = (bytes, path);

    private enum Name
    {
        OrderedDictionary,
        RebuildTensor,
        RebuildParameter,
    }

    /// <returns>Null, bool, long, double, string, object?[] (a tuple), List&lt;object?&gt;, TorchDictionary, TorchTensor or TorchStorage.</returns>
    /// <exception cref="CheckpointException">The pickle is broken or does what a file of weights has no need to do.</exception>
    public static object? Read(byte[] bytes, string path) => new TorchPickle(bytes, path).Run();

    private object? Run()
    {
        while (true)
        {
            var opcode = Byte();
            if (opcode == '.') return stack.Count == 1 ? Pop() : throw Fault("one value at the end", $"{stack.Count}");
            Step(opcode);
            if (stack.Count > MostValues || memo.Count > MostValues) throw Fault($"at most {MostValues} values", "more");
        }
    }

    private void Step(byte opcode)
    {
        switch (opcode)
        {
            case 0x80: if (Byte() > 5) throw Fault("pickle protocol 2 to 5", $"{bytes[at - 1]}"); break;          // PROTO
            case 0x95: Take(8); break;                                                             // FRAME
            case (byte)'(': stack.Add(Mark); break;
            case (byte)'}': stack.Add(new TorchDictionary()); break;
            case (byte)']': stack.Add(new List<object?>()); break;
            case (byte)')': stack.Add(Array.Empty<object?>()); break;
            case (byte)'N': stack.Add(null); break;
            case 0x88: stack.Add(true); break;
            case 0x89: stack.Add(false); break;
            case (byte)'J': stack.Add((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4))); break;
            case (byte)'K': stack.Add((long)Byte()); break;
            case (byte)'M': stack.Add((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2))); break;
            case 0x8a: stack.Add(Long()); break;                                                   // LONG1
            case (byte)'G': stack.Add(BinaryPrimitives.ReadDoubleBigEndian(Take(8))); break;
            case (byte)'X': stack.Add(Text(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)))); break;
            case 0x8c: stack.Add(Text(Byte())); break;                                             // SHORT_BINUNICODE
            case 0x8d: stack.Add(Text(BinaryPrimitives.ReadUInt64LittleEndian(Take(8)))); break;   // BINUNICODE8
            case (byte)'t': stack.Add(PopToMark()); break;
            case 0x85: stack.Add(Pop(1)); break;                                                   // TUPLE1 to 3
            case 0x86: stack.Add(Pop(2)); break;
            case 0x87: stack.Add(Pop(3)); break;
            case (byte)'q': memo[Byte()] = Top(); break;
            case (byte)'r': memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))] = Top(); break;
            case 0x94: memo[memo.Count] = Top(); break;                                            // MEMOIZE
            case (byte)'h': Recall(Byte()); break;
            case (byte)'j': Recall(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))); break;
            case (byte)'c': stack.Add(Global(Line(), Line())); break;
            case 0x93: StackGlobal(); break;
            case (byte)'R': Reduce(); break;
            case (byte)'Q': stack.Add(Storage(Pop())); break;
            case (byte)'s': SetItems([.. Pop(2)]); break;
            case (byte)'u': SetItems(PopToMark()); break;
            case (byte)'a': Append(Pop(1)); break;
            case (byte)'e': Append(PopToMark()); break;
            case (byte)'b': Build(); break;
            default: throw Fault("opcodes that torch.save writes", $"0x{opcode:x2} at byte {at - 1}");
        }
    }

    private void StackGlobal()
    {
        var name = Pop(2);
        stack.Add(name is [string module, string member] ? Global(module, member) : throw Fault("the name of a function", "something else"));
    }

    // Everything a pickle may mention by name.
    private object Global(string module, string name) => (module, name) switch
    {
        ("collections", "OrderedDict") => Name.OrderedDictionary,
        ("torch._utils", "_rebuild_tensor_v2") => Name.RebuildTensor,
        ("torch._utils", "_rebuild_parameter") => Name.RebuildParameter,
        ("torch", "FloatStorage") => SafetensorsType.F32,
        ("torch", "DoubleStorage") => SafetensorsType.F64,
        ("torch", "HalfStorage") => SafetensorsType.F16,
        ("torch", "BFloat16Storage") => SafetensorsType.BF16,
        ("torch", "LongStorage") => SafetensorsType.I64,
        ("torch", "IntStorage") => SafetensorsType.I32,
        _ => throw Fault("names that a file of tensors needs; no other is ever loaded", MalformedFileException.Quote($"{module}.{name}")),
    };

    private void Reduce()
    {
        var call = Pop(2);
        stack.Add(call[1] is object?[] arguments
            ? (call[0], arguments) switch
            {
                (Name.OrderedDictionary, []) => new TorchDictionary(),
                (Name.RebuildTensor, [TorchStorage storage, long offset, object?[] size, object?[] stride, ..]) => new TorchTensor(storage, offset, Numbers(size), Numbers(stride)),
                (Name.RebuildParameter, [TorchTensor tensor, ..]) => tensor,
                _ => throw Fault("a tensor or a dictionary to be built", "other arguments"),
            }
            : throw Fault("a tuple of arguments", "something else"));
    }

    private TorchStorage Storage(object? id) => id is object?[] and ["storage", SafetensorsType type, string key, _, long count]
        ? count >= 0 ? new(type, key, count) : throw Fault("storages of at least no element", $"{count}")
        : throw Fault("the address of a storage", "something else");

    private long[] Numbers(object?[] values)
    {
        if (values.Length > MostNumbers) throw Fault($"tensors of at most {MostNumbers} axes", $"{values.Length}");
        return [.. values.Select(value => value is long number and >= 0 ? number : throw Fault("sizes and strides from 0", value?.ToString() ?? "None"))];
    }

    private void SetItems(object?[] values)
    {
        if (Top() is not TorchDictionary dictionary || values.Length % 2 != 0) throw Fault("keys and values for a dictionary", "something else");
        for (var i = 0; i < values.Length; i += 2) dictionary.Items.Add(new(values[i], values[i + 1]));
    }

    private void Append(object?[] values)
    {
        if (Top() is not List<object?> list) throw Fault("a list to append to", "something else");
        list.AddRange(values);
    }

    // Attributes of a state dict (_metadata) say nothing about its tensors.
    private void Build()
    {
        Pop();
        if (Top() is not TorchDictionary) throw Fault("attributes of a dictionary", "of something else");
    }

    private void Recall(long number) => stack.Add(memo.TryGetValue(number, out var value) ? value : throw Fault("a value remembered before", $"number {number}"));

    private object? Top() => stack.Count > 0 && stack[^1] != Mark ? stack[^1] : throw Fault("a value on the stack", "none");

    private object? Pop()
    {
        var value = Top();
        stack.RemoveAt(stack.Count - 1);
        return value;
    }

    private object?[] Pop(int count)
    {
        var values = new object?[count];
        for (var i = count - 1; i >= 0; i--) values[i] = Pop();
        return values;
    }

    private object?[] PopToMark()
    {
        var mark = stack.LastIndexOf(Mark);
        if (mark < 0) throw Fault("a mark on the stack", "none");
        object?[] values = [.. stack.Skip(mark + 1)];
        stack.RemoveRange(mark, stack.Count - mark);
        return values;
    }

    private byte Byte() => Take(1)[0];

    private ReadOnlySpan<byte> Take(long count)
    {
        if (count > bytes.Length - at) throw Fault($"{count} bytes at {at}", $"a pickle of {bytes.Length}");
        at += (int)count;
        return bytes.AsSpan(at - (int)count, (int)count);
    }

    private string Text(ulong length)
    {
        if (length > (ulong)(bytes.Length - at)) throw Fault($"text of {length} bytes at {at}", $"a pickle of {bytes.Length}");
        return Encoding.UTF8.GetString(Take((long)length));
    }

    private string Line()
    {
        var length = bytes.AsSpan(at).IndexOf((byte)'\n');
        if (length < 0) throw Fault("a name that ends", "the end of the pickle");
        var line = Text((ulong)length);
        at++;
        return line;
    }

    // Little-endian two's complement of any length; more than eight bytes are no size of anything.
    private long Long()
    {
        var length = Byte();
        if (length > 8) throw Fault("whole numbers of at most 8 bytes", $"{length}");
        var value = 0L;
        var digits = Take(length);
        for (var i = length - 1; i >= 0; i--) value = (value << 8) | digits[i];
        return length is 0 or 8 ? value : value << (64 - (8 * length)) >> (64 - (8 * length));
    }

    private CheckpointException Fault(string expected, string found) => new(path, null, "in its pickle " + expected, found);
}
