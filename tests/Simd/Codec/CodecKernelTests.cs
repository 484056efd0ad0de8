// The codec's kernels against plain loops in float64, over random shapes: sizes of 0 and 1, channels that fit no vector, odd addresses, guard values.

using Ditar.Reference.Kernels;
using Ditar.Reference.Vae;
using Ditar.Simd;
using FsCheck;
using FsCheck.Fluent;
using static Ditar.Tests.Simd.KernelCase;

namespace Ditar.Tests.Simd.Codec;

[Trait("Category", "Kernel")]
public unsafe class CodecKernelTests
{
    private enum Finish
    {
        None,
        Gelu,
        Snake,
        Beside,
        Scaled,
    }

    private sealed record Shape(int Rows, int Kernel, int Dilation, int Stride, int Inputs, int InputPadding, int Channels, int Groups, bool Residual, Finish Finish, int Threads);

    private static Gen<Shape> Shapes =>
        from rows in Gen.Choose(0, 61)
        from kernel in Gen.Choose(1, 7)
        from dilation in Gen.Choose(1, 4)
        from stride in Gen.Choose(1, 3)
        from inputs in Gen.Choose(1, 40)
        from padding in Gen.Elements(0, 3, 16)
        from channels in Gen.Choose(1, 70)
        from groups in Gen.Choose(1, 3)
        from residual in Gen.Elements(true, false)
        from finish in Gen.Elements(Enum.GetValues<Finish>())
        from threads in Gen.Choose(1, 3)
        select new Shape(rows, kernel, dilation, stride, inputs, padding, channels, groups, residual, finish, threads);

    [Fact]
    public void A_convolution_is_the_sum_it_says_and_nothing_else_is_touched() =>
        Prop.ForAll(Shapes.ToArbitrary(), Convolution).Check(Config.QuickThrowOnFailure.WithMaxTest(150).WithReplay(5, 7));

    [Fact]
    public void A_large_convolution_is_shared_by_columns()
    {
        // More than ConvolutionRows.HeldWeight: threads divide the channels, and panels pass over all rows.
        Convolution(new Shape(30, 2, 1, 1, 300, 0, 460, 1, false, Finish.Beside, 3));
        Convolution(new Shape(3, 1, 1, 1, 700, 0, 400, 1, true, Finish.None, 2));
    }

    private static void Convolution(Shape s)
    {
        var pitch = s.Inputs + s.InputPadding;
        var values = new KernelCase(s.GetHashCode() & 0xFFFF);
        var steps = s.Rows == 0 ? 0 : ((s.Rows - 1) * s.Stride) + ((s.Kernel - 1) * s.Dilation) + 1;
        var (x, wideX) = values.Values(Math.Max(0, (steps * pitch) - s.InputPadding));
        var (weight, wideWeight) = values.Values(s.Groups * s.Channels * s.Kernel * s.Inputs);
        var (bias, wideBias) = values.Values(s.Groups * s.Channels);
        using var packed = new PackedConvolution(new ConvolutionWeight(weight, bias, s.Kernel, s.Inputs), pitch, s.Dilation, s.Groups);
        var columns = packed.Columns;
        var (residual, wideResidual) = values.Values(s.Rows * columns);
        var (slopes, wideSlopes) = values.Values(s.Channels, 0.7, 1);
        var (scale, wideScale) = values.Values(s.Channels, 0.5, 1);
        var (shift, wideShift) = values.Values(s.Channels);
        using var snake = new SnakeSlopes(slopes, s.Groups, s.Finish == Finish.Scaled ? (scale, shift) : null);
        using var pool = new WorkerPool(s.Threads);

        var beside = new float[s.Rows * columns];
        var odd = Odd(x);
        var y = Result(s.Rows * columns, result =>
        {
            fixed (float* px = odd.Span, pr = residual, py = result.Span, ps = beside)
            {
                var o = ConvolutionOperands.Of(packed);
                o.X = px;
                o.XRowStride = s.Stride * pitch;
                o.Residual = s.Residual ? pr : null;
                o.ResidualRowStride = columns;
                o.Y = py;
                if (s.Finish == Finish.None) ConvolutionJob.Run(pool, in o, s.Rows, default(NoFinish));
                else if (s.Finish == Finish.Gelu) ConvolutionJob.Run(pool, in o, s.Rows, default(GeluFinish));
                else ConvolutionJob.Run(pool, in o, s.Rows, s.Finish == Finish.Beside ? snake.Beside(ps, columns) : snake.InPlace);
            }
        });

        for (var t = 0; t < s.Rows; t++)
        {
            for (var column = 0; column < columns; column++)
            {
                var (group, channel) = (column / packed.Pitch, column % packed.Pitch);
                var i = (t * columns) + column;
                var (sum, size) = (0.0, 0.0);
                var real = channel < s.Channels;
                if (real)
                {
                    var output = (group * s.Channels) + channel;
                    for (var j = 0; j < s.Kernel; j++)
                    {
                        for (var c = 0; c < s.Inputs; c++)
                        {
                            var term = wideX[(((t * s.Stride) + (j * s.Dilation)) * pitch) + c] * wideWeight[(((output * s.Kernel) + j) * s.Inputs) + c];
                            (sum, size) = (sum + term, size + Math.Abs(term));
                        }
                    }

                    (sum, size) = (sum + wideBias[output], size + Math.Abs(wideBias[output]));
                }

                if (s.Residual) (sum, size) = (sum + wideResidual[i], size + Math.Abs(wideResidual[i]));
                var error = Tolerances.Sum(packed.Length + 1, size);
                if (s.Finish == Finish.Scaled)
                {
                    var (a, b) = real ? (wideScale[channel], wideShift[channel]) : (0, 0);
                    (sum, error) = ((sum * a) + b, (error * Math.Abs(a)) + Tolerances.Sum(1, Math.Abs(sum * a) + Math.Abs(b)));
                }

                // Neither slope exceeds 2, GELU's not 1.13.
                var alpha = real ? wideSlopes[channel] : 1;
                var snaked = sum + (Math.Pow(Math.Sin(alpha * sum), 2) / alpha);
                var gelu = sum / (1 + Math.Exp(-2 * Math.Sqrt(2 / Math.PI) * (sum + (0.044715 * sum * sum * sum))));
                var (want, allowed) = s.Finish switch
                {
                    Finish.Gelu => (gelu, (2 * error) + Tolerances.Function(UnaryOperation.Gelu, sum, gelu)),
                    Finish.Snake or Finish.Scaled => (snaked, (2 * error) + Tolerances.Snake(sum, alpha)),
                    _ => (sum, error),
                };
                Comparer.Equal([want], [y[i]], _ => allowed, $"{s} at {t}, {column}");
                if (s.Finish == Finish.Beside)
                    Comparer.Equal([snaked], [beside[i]], _ => (2 * error) + Tolerances.Snake(sum, alpha), $"{s} beside, at {t}, {column}");
            }
        }
    }

    [Fact]
    public void A_depthwise_convolution_is_the_sum_it_says()
    {
        var shapes =
            from rows in Gen.Choose(0, 14)
            from kernel in Gen.Elements(1, 2, 3, 7, 9)
            from dilation in Gen.Choose(1, 9)
            from channels in Gen.Choose(1, 50)
            select (rows, kernel, dilation, channels);
        Prop.ForAll(shapes.ToArbitrary(), shape =>
        {
            var (rows, kernel, dilation, channels) = shape;
            var pitch = Vectors.Padded(channels);
            var values = new KernelCase((rows * 1000) + channels);
            var (x, wideX) = values.Values(rows == 0 ? 0 : (rows + ((kernel - 1) * dilation)) * pitch);
            var (taps, wideTaps) = values.Values(kernel * channels);
            var (bias, wideBias) = values.Values(channels);
            var (slopes, wideSlopes) = values.Values(channels, 0.7, 1);
            using var packedTaps = new ChannelValues(taps, channels);
            using var packedBias = new ChannelValues(bias, channels);
            using var snake = new SnakeSlopes(slopes);
            var odd = Odd(x);
            float[] Run(bool withSnake) => Result(rows * pitch, result =>
            {
                fixed (float* px = odd.Span, py = result.Span)
                    Vectors.Run(new DepthwiseCall(new DepthwiseOperands(px, pitch, dilation * pitch, packedTaps.Values, packedBias.Values, kernel, pitch), rows, py, withSnake, snake.Step));
            });

            var (plain, snaked) = (Run(withSnake: false), Run(withSnake: true));
            for (var i = 0; i < plain.Length; i++)
            {
                var (t, c) = (i / pitch, i % pitch);
                var (sum, size) = c < channels ? (wideBias[c], Math.Abs(wideBias[c])) : (0, 0);
                for (var j = 0; j < kernel && c < channels; j++)
                {
                    var term = wideX[((t + (j * dilation)) * pitch) + c] * wideTaps[(j * channels) + c];
                    (sum, size) = (sum + term, size + Math.Abs(term));
                }

                var alpha = c < channels ? wideSlopes[c] : 1;
                var error = Tolerances.Sum(kernel, size);
                Comparer.Equal([sum], [plain[i]], _ => error, $"{shape} at {t}, {c}");
                Comparer.Equal([sum + (Math.Pow(Math.Sin(alpha * sum), 2) / alpha)], [snaked[i]], _ => (2 * error) + Tolerances.Snake(sum, alpha), $"{shape} and Snake at {t}, {c}");
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(100).WithReplay(5, 9));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 7)]
    [InlineData(3, 16)]
    [InlineData(12, 27)]
    [InlineData(2, 192)]
    public void Layer_norm_leaves_the_padding_out(int rows, int channels)
    {
        const float Epsilon = 1e-6f;
        var pitch = Vectors.Padded(channels);
        var values = new KernelCase(channels);
        var (dense, wide) = values.Values(rows * channels, 3, 1);
        var (gain, wideGain) = values.Values(channels, 0.5, 1);
        var (bias, wideBias) = values.Values(channels);
        var x = new float[rows * pitch];
        for (var i = 0; i < dense.Length; i++) x[(i / channels * pitch) + (i % channels)] = dense[i];
        var expected = new double[dense.Length];
        var (centres, scales) = (new double[rows], new double[rows]);
        Definition.LayerNorm<double>(rows, channels, Epsilon, wide, wideGain, wideBias, expected, centres, scales);
        using var packedGain = new ChannelValues(gain, channels);
        using var packedBias = new ChannelValues(bias, channels);
        var odd = Odd(x);
        var y = Result(rows * pitch, result =>
        {
            fixed (float* px = odd.Span, py = result.Span)
                Vectors.Run(new NormCall(new NormOperands(packedGain.Values, packedBias.Values, channels, pitch, Epsilon), px, pitch, rows, py));
        });

        // As for the kernel of the seam: the mean is off by the rounding of a mean of magnitudes, which every value inherits.
        for (var i = 0; i < y.Length; i++)
        {
            var (row, c) = (i / pitch, i % pitch);
            if (c >= channels)
            {
                Assert.Equal(0, y[i]);
                continue;
            }

            var at = (row * channels) + c;
            var mean = wide.AsSpan(row * channels, channels).ToArray().Average(Math.Abs);
            var size = (Math.Abs(wideGain[c]) * scales[row] * (Math.Abs(wide[at]) + mean)) + Math.Abs(wideBias[c]);
            Comparer.Equal([expected[at]], [y[i]], _ => Tolerances.Sum(channels, size), $"[{rows}, {channels}] at {row}, {c}");
        }
    }

    [Fact]
    public void Snake_between_filters_is_the_definitions_wherever_a_signal_is_cut()
    {
        var shapes =
            from length in Gen.Choose(0, 150)
            from channels in Gen.Choose(1, 40)
            from cut in Gen.Choose(0, 150)
            from threads in Gen.Choose(1, 3)
            select (length, channels, cut: Math.Min(cut, length), threads);
        double[] h = HalfBandFilter.Create();
        Prop.ForAll(shapes.ToArbitrary(), shape =>
        {
            var (length, channels, cut, threads) = shape;
            var pitch = Vectors.Padded(channels);
            var values = new KernelCase((length * 64) + channels);
            var (signal, wide) = values.Values(length * channels, 2);
            var (slopes, wideSlopes) = values.Values(channels, 0.7, 1);
            using var snake = new SnakeSlopes(slopes);
            using var taps = new ChannelValues(Array.ConvertAll(h, tap => (float)tap), h.Length);

            // Zeros on either side, as a window holds them, and nothing further.
            var x = new float[(AntiAliasedSnakeParts.Back + length + AntiAliasedSnakeParts.Ahead) * pitch];
            for (var i = 0; i < signal.Length; i++) x[((AntiAliasedSnakeParts.Back + (i / channels)) * pitch) + (i % channels)] = signal[i];
            var odd = Odd(x);
            var z = Result(length * pitch, result =>
            {
                fixed (float* px = odd.Span, pz = result.Span)
                {
                    // Before the cut nobody knows how long the signal is; only steps whose surroundings are there may be asked for.
                    var first = px + (AntiAliasedSnakeParts.Back * pitch);
                    var known = cut >= length - AntiAliasedSnakeParts.Ahead ? 0 : cut;
                    Vectors.Run(new SnakeCall(new(first, pitch, snake.Slopes, snake.Inverses, taps.Values, 0, known, long.MaxValue, pz, threads), threads));
                    Vectors.Run(new SnakeCall(new(first, pitch, snake.Slopes, snake.Inverses, taps.Values, known, length, length, pz, threads), threads));
                }
            });
            for (var c = 0; c < channels; c++)
            {
                // The doubled signal, then Snake, then the other filter, as the formulas stand in the definition.
                var (doubled, error) = (new double[2 * length], new double[2 * length]);
                for (var n = 0; n < doubled.Length; n++)
                {
                    var (sum, size) = (0.0, 0.0);
                    for (var i = 0; i < 6; i++)
                    {
                        var at = (n / 2) + i - (n % 2 == 0 ? 3 : 2);
                        var term = at < 0 || at >= length ? 0 : 2 * wide[(at * channels) + c] * h[(n % 2 == 0 ? 11 : 10) - (2 * i)];
                        (sum, size) = (sum + term, size + Math.Abs(term));
                    }

                    // Taps are rounded too: once more the sum of magnitudes.
                    var alpha = wideSlopes[c];
                    doubled[n] = sum + (Math.Pow(Math.Sin(alpha * sum), 2) / alpha);
                    error[n] = (2 * (Tolerances.Sum(6, size) + (Tolerances.U * size))) + Tolerances.Snake(sum, alpha);
                }

                for (var t = 0; t < length; t++)
                {
                    var (sum, size, inherited) = (0.0, 0.0, 0.0);
                    for (var i = 0; i < 12; i++)
                    {
                        var at = (2 * t) - 5 + i;
                        if (at < 0 || at >= doubled.Length) continue;
                        sum += h[i] * doubled[at];
                        size += Math.Abs(h[i] * doubled[at]);
                        inherited += Math.Abs(h[i]) * error[at];
                    }

                    Comparer.Equal([sum], [z[(t * pitch) + c]], _ => inherited + Tolerances.Sum(12, size) + (Tolerances.U * size), $"{shape} at {t}, {c}");
                }
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60).WithReplay(5, 11));
    }

    [Fact]
    public void The_last_convolution_is_the_tanh_of_dot_products()
    {
        var shapes = from count in Gen.Choose(0, 70) from kernel in Gen.Choose(1, 7) from channels in Gen.Choose(1, 40) from parts in Gen.Choose(1, 3) select (count, kernel, channels, parts);
        Prop.ForAll(shapes.ToArbitrary(), shape =>
        {
            var (count, kernel, channels, parts) = shape;
            var pitch = Vectors.Padded(channels);
            var values = new KernelCase((count * 64) + channels);
            var (x, wide) = values.Values(count == 0 ? 0 : (count + kernel - 1) * pitch);
            var (weight, wideWeight) = values.Values(kernel * channels, 1 / Math.Sqrt(kernel * channels));
            using var packed = new WaveWeights(new ConvolutionWeight(weight, [0.25f], kernel, channels));
            var odd = Odd(x);
            var y = Result(count, result =>
            {
                fixed (float* px = odd.Span, py = result.Span)
                {
                    var dots = new WaveStage.Dots(px, pitch, packed.Taps, kernel * pitch, packed.Bias, count, py, parts);
                    for (var part = 0; part < parts; part++) Vectors.Run(new DotsCall(dots, part));
                }
            });
            for (var t = 0; t < count; t++)
            {
                var (sum, size) = (0.25, 0.25);
                for (var i = 0; i < kernel * channels; i++)
                {
                    var term = wide[((t + (i / channels)) * pitch) + (i % channels)] * wideWeight[i];
                    (sum, size) = (sum + term, size + Math.Abs(term));
                }

                Comparer.Equal([Math.Tanh(sum)], [y[t]], _ => Tolerances.Sum(kernel * channels, size) + Tolerances.Function(UnaryOperation.Tanh, sum, Math.Tanh(sum)), $"{shape} at {t}");
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60).WithReplay(5, 13));
    }

    private readonly struct DepthwiseCall(DepthwiseOperands operands, int rows, float* y, bool snake, SnakeStep step) : IVectorWork
    {
        public void Run<TWidth, TVector>()
            where TWidth : IWidth<TVector>
            where TVector : unmanaged
        {
            if (snake) operands.Run<TWidth, TVector, SnakeStep>(0, rows, step, y);
            else operands.Run<TWidth, TVector, NoStep>(0, rows, default, y);
        }
    }

    private readonly struct NormCall(NormOperands operands, float* x, int stride, int rows, float* y) : IVectorWork
    {
        public void Run<TWidth, TVector>()
            where TWidth : IWidth<TVector>
            where TVector : unmanaged => operands.Run<TWidth, TVector>(x, stride, rows, y);
    }

    private readonly struct SnakeCall(AntiAliasedSnakeParts work, int parts) : IVectorWork
    {
        public void Run<TWidth, TVector>()
            where TWidth : IWidth<TVector>
            where TVector : unmanaged
        {
            for (var part = 0; part < parts; part++) work.Run<TWidth, TVector>(part);
        }
    }

    private readonly struct DotsCall(WaveStage.Dots work, int part) : IVectorWork
    {
        public void Run<TWidth, TVector>()
            where TWidth : IWidth<TVector>
            where TVector : unmanaged => work.Run<TWidth, TVector>(part);
    }
}
