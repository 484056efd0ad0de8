// The element types of a safetensors file and their names in its header.
// Left out: the 8-bit, 6-bit and 4-bit floats that newer files may hold; a file with one of them is refused by name.
namespace Ditar.Reference.Files;

public enum SafetensorsType
{
    F64,
    F32,
    F16,
    BF16,
    I64,
    I32,
    I16,
    I8,
    U64,
    U32,
    U16,
    U8,
    Bool,
}

public static class SafetensorsTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int ByteSize(this SafetensorsType type) => type switch
    {
        SafetensorsType.F64 or SafetensorsType.I64 or SafetensorsType.U64 => 8,
        SafetensorsType.F32 or SafetensorsType.I32 or SafetensorsType.U32 => 4,
        SafetensorsType.F16 or SafetensorsType.BF16 or SafetensorsType.I16 or SafetensorsType.U16 => 2,
        SafetensorsType.I8 or SafetensorsType.U8 or SafetensorsType.Bool => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a type of the format"),
    };

    /// <summary>The name in the header.</summary>
    public static string HeaderName(this SafetensorsType type) => type == SafetensorsType.Bool ? "BOOL" : type.ToString();

    internal static SafetensorsType? Parse(string headerName)
    {
        foreach (var type in Enum.GetValues<SafetensorsType>())
        {
            if (type.HeaderName() == headerName)
                return type;
        }

        return null;
    }
}
