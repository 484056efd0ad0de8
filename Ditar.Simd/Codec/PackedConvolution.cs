// A convolution's weight in the order in which the tile reads it: panels of two vectors of output channels, and in a panel the values of one tap and
// input channel side by side, tap after tap. Packed once, immutable, shared by any number of streams. A signal's rows are padded to whole vectors of
// channels, so the outputs are too: columns that stand for no channel have zeros for weights and bias. Width and layout are this process's own.

using Ditar.Reference.Vae;

namespace Ditar.Simd;

/// <summary>What a convolution computes: y[t, o] = bias[o] + sum over j, c of x[t * stride - left + j * dilation, c] w[o, j, c].</summary>
/// <param name="Weight">[outputs, kernel, inputs].</param>
/// <param name="Bias">[outputs]; empty for none.</param>
internal sealed record ConvolutionWeight(float[] Weight, float[] Bias, int Kernel, int Inputs)
{
    public int Outputs => Weight.Length / (Kernel * Inputs);

    public static ConvolutionWeight Of(Convolution convolution) =>
        new(convolution.Weight.Loose(), convolution.Bias.Loose(), convolution.Weight[1], convolution.Weight[2]);
}

internal sealed unsafe class PackedConvolution : IDisposable
{
    private readonly NativeBuffer _memory;

    /// <param name="source">Of groups * channels outputs.</param>
    /// <param name="groups">How many times the columns begin on a new vector: the steps that an up-sampling convolution makes of one, else 1.</param>
    /// <param name="inputPitch">Elements between consecutive steps of the input.</param>
    public PackedConvolution(ConvolutionWeight source, int inputPitch, int dilation = 1, int groups = 1)
    {
        var (kernel, inputs) = (source.Kernel, source.Inputs);
        Channels = source.Outputs / groups;
        Pitch = Vectors.Padded(Channels);
        Columns = checked(groups * Pitch);
        Length = checked(kernel * inputs);

        // Taps that lie side by side are one long sum.
        var joined = dilation == 1 && inputPitch == inputs;
        (Segments, Steps, SegmentStride) = joined ? (1, Length, 0) : (kernel, inputs, (nint)dilation * inputPitch);

        _memory = new NativeBuffer(checked((nuint)sizeof(float) * (nuint)((long)Length + 1) * (nuint)Columns));
        _memory.Clear();
        Panels = _memory.Floats;
        Bias = Panels + ((nint)Length * Columns);
        var lanes = Vectors.Lanes;
        for (var column = 0; column < Columns; column++)
        {
            var (group, channel) = (column / Pitch, column % Pitch);
            if (channel >= Channels)
                continue;
            var output = (group * Channels) + channel;
            if (source.Bias.Length > 0)
                Bias[column] = source.Bias[output];

            // A panel of two vectors, but for the last one where the number of vectors is odd.
            var panel = column / (2 * lanes);
            var width = Math.Min(2 * lanes, Columns - (panel * 2 * lanes));
            var target = Panels + (panel * 2 * (nint)lanes * Length) + (column % (2 * lanes));
            var row = source.Weight.AsSpan(output * Length, Length);
            for (var i = 0; i < Length; i++)
                target[i * (nint)width] = row[i];
        }
    }

    /// <summary>Outputs of one step, without padding.</summary>
    public int Channels { get; }

    /// <summary>Outputs of one step, with padding.</summary>
    public int Pitch { get; }

    /// <summary>Outputs of all steps, with padding.</summary>
    public int Columns { get; }

    /// <summary>Terms of an output's sum.</summary>
    public int Length { get; }

    /// <summary>Runs of the sum that lie side by side in the input.</summary>
    public int Segments { get; }

    /// <summary>Terms of a run.</summary>
    public int Steps { get; }

    /// <summary>Elements of the input between runs.</summary>
    public nint SegmentStride { get; }

    public float* Panels { get; }

    /// <summary>[Columns].</summary>
    public float* Bias { get; }

    public void Dispose() => _memory.Dispose();
}

/// <summary>Values per channel in native memory: slopes, gains, taps. Shared like the weights.</summary>
internal sealed unsafe class ChannelValues : IDisposable
{
    private readonly NativeBuffer _memory;

    /// <param name="values">[rows, channels].</param>
    /// <param name="rest">For the channels that padding adds.</param>
    /// <param name="repeats">How many times a row is repeated side by side.</param>
    public ChannelValues(ReadOnlySpan<float> values, int channels, float rest = 0, int repeats = 1)
    {
        Pitch = Vectors.Padded(channels);
        var rows = values.Length / channels;
        _memory = new NativeBuffer(checked((nuint)((long)rows * repeats * Pitch * sizeof(float))));
        Values = _memory.Floats;
        for (var row = 0; row < rows; row++)
        {
            for (var repeat = 0; repeat < repeats; repeat++)
            {
                var target = new Span<float>(Values + ((((nint)row * repeats) + repeat) * Pitch), Pitch);
                target.Fill(rest);
                values.Slice(row * channels, channels).CopyTo(target);
            }
        }
    }

    /// <summary>[rows, repeats * Pitch].</summary>
    public float* Values { get; }

    public int Pitch { get; }

    public void Dispose() => _memory.Dispose();
}
