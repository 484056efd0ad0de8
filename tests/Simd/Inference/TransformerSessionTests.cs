// The fused transformer against its definition: whole sequences of which some rows are asked for, and sequences that grow in a cache.

using Ditar.Reference;
using Ditar.Reference.Layers;
using Ditar.Simd;
using FsCheck.Fluent;

namespace Ditar.Tests.Simd.Inference;

[Trait("Category", "Kernel")]
public sealed class TransformerSessionTests
{
    [Fact]
    public void Whole_sequences_equal_the_definition() => EngineCase.Check(
        from config in EngineCase.Transformers
        from count in Gen.Choose(1, 4)
        from time in Gen.Choose(1, 40)
        from first in Gen.Choose(0, time - 1)
        from kept in Gen.Choose(1, time - first)
        select (config, new Sequences(count, time), first, kept),
        drawn =>
        {
            var (config, sequences, first, kept) = drawn;
            var x = EngineCase.Random(1, sequences.Count, sequences.Time, config.Width);
            using var model = new PackedTransformer(Definition(config, ElementType.Float32), WeightFormat.Float32, null);
            using var session = new TransformerSession(model, null);
            var rows = x.ToSingles();
            session.RunWhole(rows, sequences, first, kept);
            var found = Tensor.From(rows.AsSpan(0, sequences.Count * kept * config.Width), sequences.Count, kept, config.Width);
            EngineCase.AssertNear(type => Layers(config, x.To(type)).Slice(1, first, kept), found, $"{drawn}");
        });

    [Fact]
    public void A_sequence_that_grows_in_any_pieces_equals_the_definition() => EngineCase.Check(
        from config in EngineCase.Transformers
        from pieces in Gen.Elements(1, 1, 1, 2, 5, 31, 63, 65).NonEmptyListOf()
        select (config with { Causal = true }, pieces.Take(6).ToArray()),
        drawn =>
        {
            var (config, pieces) = drawn;
            var time = pieces.Sum();
            var x = EngineCase.Random(2, 1, time, config.Width);
            using var model = new PackedTransformer(Definition(config, ElementType.Float32), WeightFormat.Float32, null);
            using var session = new TransformerSession(model, null);
            using var pool = new KeyValuePool(config.Layers, model.KeyHeads, config.HeadDim);
            using var cache = new KeyValueMemory(pool);
            var rows = x.ToSingles();
            var done = 0;
            foreach (var piece in pieces)
            {
                session.RunOn(rows.AsSpan(done * config.Width, piece * config.Width), piece, cache);
                done += piece;
            }

            Assert.Equal(time, cache.Length);
            var found = Tensor.From(rows, 1, time, config.Width);
            EngineCase.AssertNear(type => Layers(config, x.To(type)), found, $"{config} in pieces of {string.Join(", ", pieces)}");
        });

    [Fact]
    public void A_cache_takes_its_segments_from_what_an_earlier_one_gave_back()
    {
        using var pool = new KeyValuePool(2, 1, 8);
        for (var utterance = 0; utterance < 3; utterance++)
        {
            using var cache = new KeyValueMemory(pool);
            cache.Reserve(KeyValuePool.Positions + 1);
            Assert.Equal(cache.Bytes, pool.Bytes);
            Assert.Equal(2 * (2 * KeyValuePool.Positions * (8 + 16) * sizeof(float)), cache.Bytes);
        }
    }

    private static Transformer Definition(TransformerConfig config, ElementType type) => new(new EngineCase.Weights(type).Root, config);

    // All layers without the last norm, which the engine fuses with what follows.
    private static Tensor Layers(TransformerConfig config, Tensor x)
    {
        var definition = Definition(config, x.Type);
        foreach (var layer in definition.Layers) x = layer.Forward(x, definition.Positions);
        return x;
    }
}
