// One random skinny product: operands at odd addresses with canaries around, and what the definition says in float64.

using Ditar.Reference.Kernels;
using Ditar.Simd;

namespace Ditar.Tests.Simd;

/// <summary>Sizes and options of a product. Values follow from the seed.</summary>
public sealed record SkinnyCase(
    int Rows, int Inputs, int Outputs, WeightFormat Format, bool Gated, Activation Activation, bool Bias, bool Residual, bool Norm, int Group, int Seed)
{
    private const float Epsilon = 1e-5f;
    private const int Margin = 5;
    private const float Untouched = -98765.5f;

    /// <summary>Scale of the activated product.</summary>
    public float Scale => Residual ? 0.25f : 1;

    /// <summary>Runs the product and compares it with the definition.</summary>
    /// <returns>The result, [rows, outputs].</returns>
    public unsafe float[] Check(WorkerPool? pool)
    {
        var random = new KernelCase(Seed);
        var (x, _) = random.Values(Rows * Inputs);
        var (weight, _) = random.Values(Outputs * Inputs);
        var (up, _) = random.Values(Gated ? Outputs * Inputs : 0);
        var (bias, _) = random.Values(Outputs);
        var (residual, _) = random.Values(Rows * Outputs);
        var (gain, _) = random.Values(Inputs, 1, 1.5);
        using var matrix = Gated ? PackedMatrix.PackGated(Outputs, Inputs, weight, up, Format, pool, Group)
            : PackedMatrix.Pack(Outputs, Inputs, weight, Format, pool, Group);
        var stride = Outputs + 3;
        var y = new float[(2 * Margin) + (Rows * stride)];
        y.AsSpan().Fill(Untouched);
        using var memory = new NativeBuffer(PreparedRows.BytesFor(Rows, Inputs, Format, Group));
        var xStride = Inputs + 1;
        var wideX = new float[Margin + (Rows * xStride)];
        for (var row = 0; row < Rows; row++)
            x.AsSpan(row * Inputs, Inputs).CopyTo(wideX.AsSpan(Margin + (row * xStride)));
        fixed (float* px = wideX, py = y, pg = gain, pb = bias, pr = residual)
        {
            var prepared = PreparedRows.MakeNormalized(
                Rows, Inputs, px + Margin, xStride, Norm ? pg : null, Epsilon, Format, memory.Pointer, pool, Group);
            var epilogue = new Epilogue { Activation = Activation, Scale = Scale };
            if (Bias)
                epilogue.Bias = pb;
            if (Residual)
                epilogue.Residual = pr;
            epilogue.ResidualRowStride = Outputs;
            matrix.Multiply(in prepared, in epilogue, py + Margin, stride, pool);
        }

        var (expected, tolerances) = Expected(x, weight, up, bias, residual, gain);
        var actual = new float[Rows * Outputs];
        for (var i = 0; i < y.Length; i++)
        {
            var (row, column) = Math.DivRem(i - Margin, stride);
            if (i >= Margin && row < Rows && column < Outputs)
                actual[(row * Outputs) + column] = y[i];
            else
                Assert.Equal(Untouched, y[i]);
        }

        if (actual.Length > 0)
            Comparer.Equal(expected, actual, i => tolerances[i], $"{this}");
        return actual;
    }

    private (double[] Values, double[] Tolerances) Expected(float[] x, float[] weight, float[] up, float[] bias, float[] residual, float[] gain)
    {
        var (values, tolerances) = (new double[Rows * Outputs], new double[Rows * Outputs]);
        for (var row = 0; row < Rows; row++)
        {
            var activations = Activations(x.AsSpan(row * Inputs, Inputs), gain, out var activationErrors);
            for (var j = 0; j < Outputs; j++)
            {
                var (value, error) = Product(activations, activationErrors, Weights(weight, j));
                if (Bias)
                    (value, error) = (value + bias[j], error + Tolerances.Rounding(value + bias[j], 1));
                if (Gated)
                {
                    var (other, otherError) = Product(activations, activationErrors, Weights(up, j));
                    (value, error) = Tolerances.GatedProduct(value, error, other, otherError);
                }
                else if (Activation != Activation.None)
                {
                    (value, error) = Tolerances.Activated(Activation == Activation.Gelu ? UnaryOperation.Gelu : UnaryOperation.Silu, value, error);
                }

                var i = (row * Outputs) + j;
                values[i] = (value * Scale) + (Residual ? residual[i] : 0);
                tolerances[i] = (error * Scale) + Tolerances.Rounding(Math.Abs(value * Scale) + Math.Abs(values[i]), 2);
            }
        }

        return (values, tolerances);
    }

    // Sums of float32 products have errors that grow with their length; sums of integers are exact and then meet two rounded scales (or one per group).
    private (double Value, double Error) Product(double[] x, double[] errors, double[] weights)
    {
        double sum = 0, magnitude = 0, carried = 0;
        for (var i = 0; i < Inputs; i++)
        {
            sum += x[i] * weights[i];
            magnitude += Math.Abs(x[i] * weights[i]);
            carried += errors[i] * Math.Abs(weights[i]);
        }

        var length = Format switch { WeightFormat.Int8 => 3, WeightFormat.Int4 => 3 + ((Inputs + Group - 1) / Group), _ => Inputs };
        return (sum, Tolerances.Sum(length, magnitude) + carried);
    }

    private double[] Activations(ReadOnlySpan<float> row, float[] gain, out double[] errors)
    {
        var values = new double[Inputs];
        var square = 0.0;
        foreach (var value in row)
            square += (double)value * value;
        var factor = 1 / Math.Sqrt((square / Inputs) + Epsilon);
        for (var i = 0; i < Inputs; i++)
            values[i] = Norm ? row[i] * factor * gain[i] : row[i];
        errors = [.. values.Select(value => Norm ? Tolerances.Norm(Inputs, value) : 0)];
        if (Format is not (WeightFormat.Int8 or WeightFormat.Int4))
            return values;

        // Rounded as the text of the format says: by largest magnitude / 127, to nearest even. After a norm the values to be rounded have errors
        // themselves, and one that lies near the middle of two integers may fall to the other side: a whole step.
        var most = values.Select(Math.Abs).DefaultIfEmpty(0).Max();
        var scale = (float)most / 127;
        var inverse = scale > 0 ? 1 / scale : 0;
        for (var i = 0; i < Inputs; i++)
        {
            var exact = Norm ? values[i] / scale : (float)values[i] * inverse;
            var rounded = Math.Round(exact, MidpointRounding.ToEven);
            var doubt = Norm ? (Math.Abs(exact) * Tolerances.Norm(Inputs, 2)) + 1e-5 : 0;
            var mayFall = Norm && Math.Abs(Math.Abs(exact - rounded) - 0.5) <= doubt;
            errors[i] = (mayFall ? scale : 0) + (Norm ? Tolerances.Norm(Inputs, rounded * scale) : 0);
            values[i] = rounded * scale;
        }

        return values;
    }

    private double[] Weights(float[] weight, int output)
    {
        var row = weight.AsSpan(output * Inputs, Inputs);
        var (integers, scales) = (new sbyte[Inputs], new float[(Inputs + Group - 1) / Group]);
        switch (Format)
        {
            case WeightFormat.Float32:
                return KernelCase.Wide(row.ToArray());
            case WeightFormat.BFloat16:
                return [.. row.ToArray().Select(NearestBFloat16)];
            case WeightFormat.Int8:
                var scale = WeightQuantizer.ToInt8(row, integers);
                return [.. integers.Select(integer => integer * (double)scale)];
            default:
                WeightQuantizer.ToInt4(row, Group, integers, scales);
                return [.. integers.Select((integer, i) => integer * (double)scales[i / Group])];
        }
    }

    // By distance, not by bits: the two neighbours that have 8 significant bits, the nearer one, the even one at a tie.
    private static double NearestBFloat16(float value)
    {
        if (value == 0)
            return 0;
        var unit = Math.ScaleB(1, Math.ILogB(value) - 7);
        return Math.Round(value / unit, MidpointRounding.ToEven) * unit;
    }
}
