// Attention of new positions of one sequence over all that came before: each key head by itself, so that heads are what threads share out. New keys and
// values are written to the cache first, each where it stays. With one new position a step reads every key and value once: memory is the limit.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

internal readonly unsafe struct CachedAttentionWork(
    PackedTransformer model, KeyValueMemory cache, int layer, int time, float* queryKeyValue, float* y, float* scratch) : IParallelWork
{
    private readonly PackedTransformer _model = model;
    private readonly KeyValueMemory _cache = cache;
    private readonly int _layer = layer, _time = time;
    private readonly float* _queryKeyValue = queryKeyValue, _y = y, _scratch = scratch;

    /// <summary>Values of scratch for each key head.</summary>
    /// <param name="length">Positions before and after together.</param>
    public static nint ScratchLength(PackedTransformer model, int time, int length) =>
        Rows(model, time) * ((nint)(length + KeyValuePool.Positions - 1) / KeyValuePool.Positions * KeyValuePool.Positions);

    // One position has the queries of a group side by side; of several each head is a matrix of its own.
    private static int Rows(PackedTransformer model, int time) => time == 1 ? model.Config.Heads / model.KeyHeads : time;

    public void Invoke(int part) => Vectors.Run(new Head(this, part));

    private readonly struct Head(CachedAttentionWork work, int keyHead) : IVectorWork
    {
        private readonly CachedAttentionWork _work = work;
        private readonly int _keyHead = keyHead;

        [MethodImpl(Jit.Hot)]
        public void Run<TWidth, TVector>()
            where TWidth : IWidth<TVector>
            where TVector : unmanaged
        {
            var (model, config, time) = (_work._model, _work._model.Config, _work._time);
            var (headDim, group) = (config.HeadDim, config.Heads / model.KeyHeads);
            nint rowStride = model.QueryKeyValueWidth, yRowStride = (nint)config.Heads * headDim;
            Append<TWidth, TVector>(rowStride, group);
            var scores = _work._scratch + (_keyHead * ScratchLength(model, time, _work._cache.Length + time));
            var queries = _work._queryKeyValue + ((nint)_keyHead * group * headDim);
            var y = _work._y + ((nint)_keyHead * group * headDim);
            if (time == 1)
            {
                Rows<TWidth, TVector>(group, queries, headDim, scores, y, headDim);
                return;
            }

            for (var h = 0; h < group; h++, queries += headDim, y += headDim)
                Rows<TWidth, TVector>(time, queries, rowStride, scores, y, yRowStride);
        }

        // Turns the new rows and writes keys and values to their places.
        [MethodImpl(Jit.Hot)]
        private void Append<TWidth, TVector>(nint rowStride, int group)
            where TWidth : IWidth<TVector>
            where TVector : unmanaged
        {
            var (model, cache) = (_work._model, _work._cache);
            var (headDim, panel) = (model.Config.HeadDim, 2 * TWidth.Count);
            var row = _work._queryKeyValue;
            for (var t = 0; t < _work._time; t++, row += rowStride)
            {
                var position = cache.Length + t;
                var key = row + ((nint)(model.Config.Heads + _keyHead) * headDim);
                if (model.Rotary is { } rotary)
                {
                    float* cosines = rotary.Cosines(position), sines = rotary.Sines(position);
                    RotaryTable.Rotate<TWidth, TVector>(headDim, cosines, sines, key);
                    for (var h = _keyHead * group; h < (_keyHead + 1) * group; h++)
                        RotaryTable.Rotate<TWidth, TVector>(headDim, cosines, sines, row + ((nint)h * headDim));
                }

                var (segment, place) = (position / KeyValuePool.Positions, position % KeyValuePool.Positions);
                var lane = cache.Keys(segment, _work._layer, _keyHead) + (place / panel * (nint)panel * headDim) + (place % panel);
                for (var d = 0; d < headDim; d++, lane += panel)
                    *lane = key[d];
                var value = cache.Values(segment, _work._layer, _keyHead) + ((nint)place * cache.Pool.ValueStride);
                new ReadOnlySpan<float>(key + ((nint)model.KeyHeads * headDim), headDim).CopyTo(new Span<float>(value, headDim));
            }
        }

        [MethodImpl(Jit.Hot)]
        private void Rows<TWidth, TVector>(int rows, float* q, nint qRowStride, float* scores, float* y, nint yRowStride)
            where TWidth : IWidth<TVector>
            where TVector : unmanaged
        {
            const int positions = KeyValuePool.Positions;
            var (model, cache, layer) = (_work._model, _work._cache, _work._layer);
            var (headDim, length, panel) = (model.Config.HeadDim, cache.Length + _work._time, 2 * TWidth.Count);
            var segments = (length + positions - 1) / positions;
            var one = rows == 1 && OneQuery.Takes(headDim);
            var stride = (nint)segments * positions;
            for (var s = 0; s < segments; s++)
            {
                var columns = (Math.Min(positions, length - (s * positions)) + panel - 1) / panel * panel;
                var keys = cache.Keys(s, layer, _keyHead);
                if (one)
                    OneQuery.Scores<TWidth, TVector>(headDim, q, keys, columns, scores + (s * positions));
                else
                    HeadAttention.Scores<TWidth, TVector>(rows, headDim, q, qRowStride, keys, (nint)panel * headDim, columns, scores + (s * positions), stride);
            }

            var padded = (length + panel - 1) / panel * panel;
            for (var i = 0; i < rows; i++)
                HeadAttention.Softmax<TWidth, TVector>(scores + (i * stride), _work._time == 1 ? length : cache.Length + i + 1, padded, model.Scale);
            for (var s = 0; s < segments; s++)
            {
                var keys = Math.Min(positions, length - (s * positions));
                var values = cache.Values(s, layer, _keyHead);
                var probabilities = scores + (s * positions);
                if (one)
                    OneQuery.Values<TWidth, TVector>(headDim, keys, probabilities, values, y, accumulate: s > 0);
                else
                    HeadAttention.Values<TWidth, TVector>(rows, keys, headDim, probabilities, stride, values, cache.Pool.ValueStride, y, yRowStride, accumulate: s > 0);
            }
        }
    }
}
