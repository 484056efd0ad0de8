// Attention of many short sequences that are there as a whole: each (sequence, key head) by itself, from the rows that the query-key-value product
// wrote to the rows that the output product reads. Only some query rows of a sequence may be asked for: the last layer's other outputs are not used.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

internal readonly unsafe struct WholeAttentionWork(
    PackedTransformer model, Sequences sequences, int from, int count, float* queryKeyValue, float* y, float* scratch, int parts) : IParallelWork
{
    private readonly PackedTransformer _model = model;
    private readonly Sequences _sequences = sequences;
    private readonly int _from = from, _count = count, _parts = parts;
    private readonly float* _queryKeyValue = queryKeyValue, _y = y, _scratch = scratch;

    /// <summary>Values of scratch for each part: packed keys and scores.</summary>
    public static nint ScratchLength(PackedTransformer model, int time)
    {
        // At the widest a panel has 32 positions; its stride is one vector more (GemmPack).
        var padded = (time + 31) / 32 * 32;
        return (padded * ((nint)model.Config.HeadDim + 16)) + ((nint)time * padded);
    }

    public void Invoke(int part) => Vectors.Run(new Part(this, part));

    private readonly struct Part(WholeAttentionWork work, int part) : IVectorWork
    {
        [MethodImpl(Jit.Hot)]
        public void Run<TWidth, TVector>()
            where TWidth : IWidth<TVector>
            where TVector : unmanaged
        {
            var keyHeads = work._model.KeyHeads;
            var items = (long)work._sequences.Count * keyHeads;
            var last = (int)(items * (part + 1) / work._parts);
            var scratch = work._scratch + (part * ScratchLength(work._model, work._sequences.Time));
            for (var item = (int)(items * part / work._parts); item < last; item++)
                work.Head<TWidth, TVector>(item / keyHeads, item % keyHeads, scratch);
        }
    }

    [MethodImpl(Jit.Hot)]
    private void Head<TWidth, TVector>(int sequence, int keyHead, float* panels)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var config = _model.Config;
        var (time, headDim, heads, group) = (_sequences.Time, config.HeadDim, config.Heads, config.Heads / _model.KeyHeads);
        nint rowStride = _model.QueryKeyValueWidth, yRowStride = (nint)heads * headDim;
        var rows = _queryKeyValue + ((nint)sequence * time * rowStride);
        var keys = rows + ((nint)(heads + keyHead) * headDim);
        var values = keys + ((nint)_model.KeyHeads * headDim);
        if (_model.Rotary is { } rotary)
        {
            for (var t = 0; t < time; t++)
            {
                RotaryTable.Rotate<TWidth, TVector>(headDim, rotary.Cosines(t), rotary.Sines(t), keys + (t * rowStride));
                if (t < _from || t >= _from + _count)
                    continue;
                for (var h = keyHead * group; h < (keyHead + 1) * group; h++)
                    RotaryTable.Rotate<TWidth, TVector>(headDim, rotary.Cosines(t), rotary.Sines(t), rows + (t * rowStride) + ((nint)h * headDim));
            }
        }

        var panel = GemmPack.Panel<TWidth, TVector>(headDim);
        var columns = (time + panel.Width - 1) / panel.Width * panel.Width;
        var scores = panels + (columns / panel.Width * panel.Stride);
        GemmPack.Strips<TWidth, TVector>(keys, rowStride, 1, time, headDim, panel, panels);
        for (var h = keyHead * group; h < (keyHead + 1) * group; h++)
        {
            var queries = rows + (_from * rowStride) + ((nint)h * headDim);
            HeadAttention.Scores<TWidth, TVector>(_count, headDim, queries, rowStride, panels, panel.Stride, columns, scores, columns);
            for (var i = 0; i < _count; i++)
                HeadAttention.Softmax<TWidth, TVector>(scores + ((nint)i * columns), config.Causal ? _from + i + 1 : time, columns, _model.Scale);
            var y = _y + ((nint)sequence * _count * yRowStride) + ((nint)h * headDim);
            HeadAttention.Values<TWidth, TVector>(_count, time, headDim, scores, columns, values, rowStride, y, yRowStride, accumulate: false);
        }
    }
}
