// How quantised weights lie in a panel of 16 columns. Four inputs of a column fill a 32-bit word, as dot-product instructions want them; the words
// of 8 columns make one 32-byte vector. The same bytes serve every instruction set: 32 bytes are one 256-bit vector or two of 128 bits.
//   int8: 16 scales (float32), 16 starting sums (int32), then per four inputs 2 x 32 bytes, left and right vector.
//   int4: per group of inputs 16 scales (float32), then per four inputs 32 bytes: the left vector's weights in the low nibbles, the right one's
//         in the high nibbles, each stored as weight + 8, which is never negative.

namespace Ditar.Simd;

internal static class Int8Panel
{
    /// <summary>Bytes of scales and starting sums.</summary>
    public const int HeaderBytes = 2 * PanelShape.IntegerColumns * (sizeof(float) + sizeof(int));

    public const int StepBytes = 2 * PanelShape.IntegerColumns * PanelShape.InputsPerWord;

    public static int Steps(int inputs) => (inputs + PanelShape.InputsPerWord - 1) / PanelShape.InputsPerWord;

    public static long BytesFor(int inputs) => HeaderBytes + ((long)Steps(inputs) * StepBytes);
}

internal static class Int4Panel
{
    /// <summary>What is added to a weight to make it a nibble.</summary>
    public const int Offset = 8;

    /// <summary>Bytes of a group's scales.</summary>
    public const int HeaderBytes = 2 * PanelShape.IntegerColumns * sizeof(float);

    public const int StepBytes = PanelShape.IntegerColumns * PanelShape.InputsPerWord;

    public static int Groups(int inputs, int group) => (inputs + group - 1) / group;

    public static long GroupBytes(int group) => HeaderBytes + (group / PanelShape.InputsPerWord * StepBytes);

    public static long BytesFor(int inputs, int group) => Groups(inputs, group) * GroupBytes(group);
}
