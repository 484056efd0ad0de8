// bfloat16: the upper half of a float32, the storage format of the shipped weights.
namespace Ditar.Reference.Files;

public static class BFloat16
{
    /// <summary>Exact: every bfloat16 is a float32.</summary>
    public static float ToSingle(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>The nearest bfloat16, ties to the even one; too large values become infinity, a NaN stays a (quiet) NaN.</summary>
    public static ushort FromSingle(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value))
            return (ushort)(bits >> 16 | 0x40);
        // Adding just under half of the last kept place carries exactly when the rest is above half, or is half and the last place is odd.
        return (ushort)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
    }
}
