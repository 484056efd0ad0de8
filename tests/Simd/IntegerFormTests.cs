// Every form of 8-bit dot products that this machine has, on the same panels, against a plain integer loop: they must agree to the last bit, and with them
// the panels and rows of machines that choose another form.

using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Ditar.Simd;

namespace Ditar.Tests.Simd;

[Trait("Category", "Kernel")]
public class IntegerFormTests
{
    private const int Columns = 2 * PanelShape.IntegerColumns, Steps = 9, Inputs = 4 * Steps;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Forms_agree_with_a_plain_loop(int rows)
    {
        foreach (var nibbles in new[] { false, true })
        {
            for (var seed = 0; seed < 20; seed++)
            {
                var one = new Sample(rows, nibbles, seed);
                Assert.Equal(one.Expected(), one.Run<PairsForm128, Vector128<int>>(unsigned: false));
                if (Avx2.IsSupported)
                    Assert.Equal(one.Expected(), one.Run<PairsForm256, Vector256<int>>(unsigned: false));
                if (AvxVnni.IsSupported)
                    Assert.Equal(one.Expected(), one.Run<VnniForm, Vector256<int>>(unsigned: !nibbles));
                if (Dp.IsSupported)
                    Assert.Equal(one.Expected(), one.Run<ArmDotForm, Vector128<int>>(unsigned: false));
            }
        }
    }

    [Fact]
    public void Sums_taken_apart_by_shifts_equal_a_plain_loop_at_the_extremes()
    {
        short[] extremes = [-128, -127, -1, 0, 1, 15, 127];
        foreach (var w0 in extremes)
        {
            foreach (var w1 in extremes)
            {
                foreach (var x0 in extremes.Where(x => x != -128))
                {
                    foreach (var x1 in extremes.Where(x => x != -128))
                    {
                        var (weights0, weights1) = (Vector128.Create(w0, w1, w0, w1, w0, w1, w0, w1).AsInt32(), Vector128.Create(w1).AsInt32());
                        var sum = PairsForm128.TakenApart(Vector128.Create(-7), weights0, weights1, Vector128.Create(x0).AsInt32(), Vector128.Create(x1).AsInt32());
                        Assert.Equal(Vector128.Create(-7 + (w0 * x0) + (w1 * x0) + (2 * w1 * x1)), sum);
                    }
                }
            }
        }
    }

    // Scales of 1 and sums below 2^24: float32 holds every sum exactly.
    private sealed class Sample
    {
        private readonly int _rows;
        private readonly bool _nibbles;
        private readonly sbyte[] _weights = new sbyte[Inputs * Columns];
        private readonly sbyte[] _x;

        public Sample(int rows, bool nibbles, int seed)
        {
            var random = new Random(seed);
            (_rows, _nibbles) = (rows, nibbles);
            _x = new sbyte[rows * Inputs];
            var extremes = seed % 4 == 0;
            for (var i = 0; i < _weights.Length; i++)
                _weights[i] = (sbyte)(extremes ? (random.Next(2) == 0 ? (nibbles ? -8 : -127) : (nibbles ? 7 : 127)) : random.Next(nibbles ? -8 : -127, nibbles ? 8 : 128));
            for (var i = 0; i < _x.Length; i++)
                _x[i] = (sbyte)(extremes ? (random.Next(2) == 0 ? -127 : 127) : random.Next(-127, 128));
        }

        public float[] Expected()
        {
            var sums = new float[_rows * Columns];
            for (var i = 0; i < sums.Length; i++)
            {
                var sum = 0;
                for (var p = 0; p < Inputs; p++)
                    sum += _weights[(p * Columns) + (i % Columns)] * _x[(i / Columns * Inputs) + p];
                sums[i] = sum;
            }

            return sums;
        }

        public unsafe float[] Run<TForm, TVector>(bool unsigned)
            where TForm : IIntegerForm<TVector>
            where TVector : unmanaged
        {
            var words = new uint[Steps * _rows * TForm.WordsPerStep];
            for (var step = 0; step < Steps; step++)
            {
                var row = new uint[_rows];
                for (var r = 0; r < _rows; r++)
                {
                    for (var i = 0; i < 4; i++)
                        row[r] |= (uint)(byte)(_x[(r * Inputs) + (4 * step) + i] + (unsigned ? 128 : 0)) << (8 * i);
                }

                fixed (uint* from = row, to = words)
                {
                    if (TForm.WordsPerStep == 1)
                        Interleave.Words(from, 1, _rows, 1, to + (step * _rows));
                    else
                        Interleave.WidenedWords(from, 1, _rows, 1, to + (step * _rows * 2));
                }
            }

            var (weights, starts) = (Weights(), Starts(unsigned));
            var (scales, tile) = (new float[Columns], new float[_rows * Columns]);
            scales.AsSpan().Fill(1);
            fixed (uint* x = words)
            fixed (byte* w = weights)
            fixed (int* s = starts)
            fixed (float* scale = scales, t = tile)
            {
                var ahead = Ahead.Of(w, weights.Length, Steps, 64);
                for (var column = 0; column < PanelShape.IntegerColumns; column += TForm.Count)
                {
                    var start = _nibbles ? s : s + column;
                    switch (_rows)
                    {
                        case 1: Add<TForm, TVector, One>((int*)x, w + (4 * column), start, scale + column, ref ahead, t + column); break;
                        case 2: Add<TForm, TVector, Two>((int*)x, w + (4 * column), start, scale + column, ref ahead, t + column); break;
                        case 3: Add<TForm, TVector, Three>((int*)x, w + (4 * column), start, scale + column, ref ahead, t + column); break;
                        case 4: Add<TForm, TVector, Four>((int*)x, w + (4 * column), start, scale + column, ref ahead, t + column); break;
                        case 5: Add<TForm, TVector, Five>((int*)x, w + (4 * column), start, scale + column, ref ahead, t + column); break;
                        default: Add<TForm, TVector, Six>((int*)x, w + (4 * column), start, scale + column, ref ahead, t + column); break;
                    }
                }
            }

            return tile;
        }

        private unsafe void Add<TForm, TVector, TRows>(int* x, byte* weights, int* starts, float* scale, ref Ahead ahead, float* tile)
            where TForm : IIntegerForm<TVector>
            where TVector : unmanaged
            where TRows : ICount
        {
            if (_nibbles)
                IntegerTile.Add<TForm, TVector, TRows, Nibbles>(Steps, x, weights, starts, scale, ref ahead, tile, true);
            else
                IntegerTile.Add<TForm, TVector, TRows, Bytes>(Steps, x, weights, starts, scale, ref ahead, tile, true);
        }

        private byte[] Weights()
        {
            var bytes = new byte[Steps * (_nibbles ? Int4Panel.StepBytes : Int8Panel.StepBytes)];
            for (var i = 0; i < _weights.Length; i++)
            {
                var (input, column) = (i / Columns, i % Columns);
                if (_nibbles)
                    bytes[(input / 4 * Int4Panel.StepBytes) + (column % 8 * 4) + (input % 4)] |= (byte)((_weights[i] + 8) << (column / 8 * 4));
                else
                    bytes[(input / 4 * Int8Panel.StepBytes) + (column * 4) + (input % 4)] = (byte)_weights[i];
            }

            return bytes;
        }

        private int[] Starts(bool unsigned)
        {
            if (_nibbles)
                return [.. Enumerable.Range(0, _rows).Select(r => -8 * _x.Skip(r * Inputs).Take(Inputs).Sum(x => x))];
            return [.. Enumerable.Range(0, Columns).Select(c => unsigned ? -128 * Enumerable.Range(0, Inputs).Sum(p => _weights[(p * Columns) + c]) : 0)];
        }
    }
}
