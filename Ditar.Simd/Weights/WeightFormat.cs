// How the numbers of a packed weight matrix are stored. What each costs in accuracy is measured by the parity table, not assumed.

namespace Ditar.Simd;

/// <summary>The storage of a packed weight matrix.</summary>
public enum WeightFormat
{
    /// <summary>As they are: 4 bytes a weight.</summary>
    Float32,

    /// <summary>The upper 16 bits of float32, rounded to nearest even: 2 bytes a weight. Sums are float32.</summary>
    BFloat16,

    /// <summary>-127..127 with one scale per output: 1 byte a weight. Rows of activations are rounded to 8 bits too; sums are exact integers.</summary>
    Int8,

    /// <summary>-8..7 with one scale per output and group of inputs: half a byte a weight, and the scales. Rows of activations are rounded to 8 bits.</summary>
    Int4,
}
