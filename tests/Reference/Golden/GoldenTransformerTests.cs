// Norm, rotary tables, attention with grouped heads, SwiGLU, residual scale, KV cache, and whole stacks, against VoxCPM's two language models and
// its local encoder.

using Ditar.Reference;
using Ditar.Reference.Layers;
using static Ditar.Tests.Reference.Golden.GoldenFolder;

namespace Ditar.Tests.Reference.Golden;

[Trait("Category", "Golden")]
public class GoldenTransformerTests
{
    private const int HeadDim = 16;

    public static TheoryData<string, string, Arithmetic> LanguageModels
    {
        get
        {
            var data = new TheoryData<string, string, Arithmetic>();
            foreach (var arithmetic in Enum.GetValues<Arithmetic>())
            {
                data.Add("lm", "base_lm", arithmetic);
                data.Add("res", "residual_lm", arithmetic);
            }

            return data;
        }
    }

    [Fact]
    public void RotaryTables()
    {
        using var golden = new GoldenFile("golden");
        var table = Positions(ElementType.Float64);
        var positions = golden.Integers("rope.positions");
        Assert.Equal(HeadDim / 2, table.Cosine[1]);
        for (var row = 0; row < positions.Length; row++)
        {
            // The recorded angles are float32 products of two factors of up to `position` radians.
            var tolerance = Tolerances.RotaryTable(positions[row]);
            foreach (var (name, ours) in new[] { ("rope.cos", table.Cosine), ("rope.sin", table.Sine) })
            {
                var mine = ours.Slice(0, positions[row], 1);
                AssertNear($"{name} at {positions[row]}", golden.Read(name, ElementType.Float64).Slice(0, row, 1), Tensor.Concat(1, mine, mine), tolerance);
            }
        }
    }

    [Theory]
    [InlineData(Arithmetic.Float64)]
    [InlineData(Arithmetic.Float32)]
    [InlineData(Arithmetic.Float32Simd)]
    public void RmsNorms(Arithmetic arithmetic)
    {
        using var golden = new GoldenFile("golden");
        using var weights = new GoldenFile("model");
        using var kernels = arithmetic.Use();
        var type = arithmetic.Type();
        var norm = VoxCpmWeights.Stack(weights, "base_lm", type, causal: true).Norm;
        AssertNear("rms.out", golden.Read("rms.out", type), norm.Forward(golden.Read("rms.in", type)), Tolerances.Golden("rms", arithmetic.Type()));
    }

    [Fact]
    public void EmbeddingsAreScaledRows()
    {
        using var golden = new GoldenFile("golden");
        using var weights = new GoldenFile("model");
        var table = weights.Read("base_lm.embed_tokens.weight", ElementType.Float32);
        var scale = Config.GetProperty("lm_config").GetProperty("scale_emb").GetDouble();
        var rows = table.Gather(golden.Integers("lm.ids")) * scale;
        Assert.Equal(golden.Read("lm.prefill.in", ElementType.Float32).ToSingles(), rows.ToSingles());
    }

    [Theory]
    [MemberData(nameof(LanguageModels))]
    public void TheFirstLayerPieceByPiece(string group, string prefix, Arithmetic arithmetic)
    {
        using var golden = new GoldenFile("golden");
        using var weights = new GoldenFile("model");
        using var kernels = arithmetic.Use();
        var type = arithmetic.Type();
        var tolerance = Tolerances.Golden(group, arithmetic.Type());
        var stack = VoxCpmWeights.Stack(weights, prefix, type, causal: true);
        var layer = stack.Layers[0];
        var x = Batched(golden.Read($"{group}.prefill.in", type));
        var normed = layer.AttentionNorm.Forward(x);
        var attended = layer.Attention.Forward(normed, stack.Positions);
        var second = layer.FeedForwardNorm.Forward(x + (attended * stack.Config.ResidualScale));
        Near("input_norm", normed);
        Near("attn", attended);
        Near("post_norm", second);
        Near("mlp", layer.FeedForward.Forward(second));

        void Near(string piece, Tensor found)
        {
            var name = $"{group}.prefill.layer0.{piece}";
            AssertNear(name, golden.Read(name, type), found, tolerance);
        }
    }

    [Theory]
    [MemberData(nameof(LanguageModels))]
    public void PrefillLayerByLayer(string group, string prefix, Arithmetic arithmetic)
    {
        using var golden = new GoldenFile("golden");
        using var weights = new GoldenFile("model");
        using var kernels = arithmetic.Use();
        var type = arithmetic.Type();
        var tolerance = Tolerances.Golden(group, arithmetic.Type());
        var stack = VoxCpmWeights.Stack(weights, prefix, type, causal: true);
        var x = Batched(golden.Read($"{group}.prefill.in", type));
        for (var i = 0; i < stack.Layers.Count; i++)
        {
            var (layer, time) = (stack.Layers[i], x[1]);
            var normed = layer.AttentionNorm.Forward(x);
            var keys = layer.Attention.Key.Forward(normed).Reshape(1, time, -1, HeadDim);
            var values = layer.Attention.Value.Forward(normed).Reshape(time, -1, HeadDim);
            var name = $"{group}.prefill.layer{i}";

            // Recorded [heads, time, headDim], its columns in the official order.
            var recorded = VoxCpmWeights.Interleaved(golden.Read($"{name}.k", type), HeadDim).Transpose(0, 1);
            AssertNear($"{name}.k", recorded, stack.Positions.Rotate(keys), tolerance);
            AssertNear($"{name}.v", golden.Read($"{name}.v", type).Transpose(0, 1), values, tolerance);
            x = layer.Forward(x, stack.Positions);
            AssertNear($"{name}.out", golden.Read($"{name}.out", type), x, tolerance);
        }

        AssertNear($"{group}.prefill.norm", golden.Read($"{group}.prefill.norm", type), stack.Norm.Forward(x), tolerance);
    }

    [Theory]
    [MemberData(nameof(LanguageModels))]
    public void CachedSteps(string group, string prefix, Arithmetic arithmetic)
    {
        using var golden = new GoldenFile("golden");
        using var weights = new GoldenFile("model");
        using var kernels = arithmetic.Use();
        var type = arithmetic.Type();
        var tolerance = Tolerances.Golden(group, arithmetic.Type());
        var stack = VoxCpmWeights.Stack(weights, prefix, type, causal: true);
        var caches = stack.StartCaches();
        stack.Forward(Batched(golden.Read($"{group}.prefill.in", type)), caches);
        for (var step = 0; step < 3; step++)
        {
            var x = golden.Read($"{group}.step{step}.in", type).Reshape(1, 1, stack.Config.Width);
            for (var i = 0; i < stack.Layers.Count; i++)
            {
                x = stack.Layers[i].Forward(x, stack.Positions, caches[i]);
                AssertNear($"{group}.step{step}.layer{i}.out", golden.Read($"{group}.step{step}.layer{i}.out", type), x, tolerance);
            }

            AssertNear($"{group}.step{step}.out", golden.Read($"{group}.step{step}.out", type), stack.Norm.Forward(x), tolerance);
        }
    }

    [Theory]
    [InlineData(Arithmetic.Float64)]
    [InlineData(Arithmetic.Float32)]
    [InlineData(Arithmetic.Float32Simd)]
    public void LocalEncoder(Arithmetic arithmetic)
    {
        using var golden = new GoldenFile("golden");
        using var weights = new GoldenFile("model");
        using var kernels = arithmetic.Use();
        var type = arithmetic.Type();
        var tolerance = Tolerances.Golden("enc", arithmetic.Type());
        var stack = VoxCpmWeights.Stack(weights, "feat_encoder.encoder", type, causal: false);
        var (channels, width, patches) = (16, stack.Config.Width, 6);
        var frames = VoxCpmWeights.Map(weights, "feat_encoder.in_proj", type, channels, width).Forward(golden.Read("enc.in", type).Reshape(patches, 2, channels));
        AssertNear("enc.in_proj", golden.Read("enc.in_proj", type), frames, tolerance);
        var special = weights.Read("feat_encoder.special_token", type).Reshape(1, 1, width) + Tensor.Zeros(type, patches, 1, width);
        var x = Tensor.Concat(1, special, frames);                                                 // [patches, 1 + P, width]
        for (var i = 0; i < stack.Layers.Count; i++)
        {
            x = stack.Layers[i].Forward(x, stack.Positions);
            AssertNear($"enc.layer{i}.out", golden.Read($"enc.layer{i}.out", type), x, tolerance);
        }

        var embedding = stack.Norm.Forward(x).Slice(1, 0, 1);
        AssertNear("enc.out", golden.Read("enc.out", type), embedding, tolerance);
        AssertNear("enc.to_lm", golden.Read("enc.to_lm", type), VoxCpmWeights.Map(weights, "enc_to_lm_proj", type, width, 64).Forward(embedding), tolerance);
    }

    [Theory]
    [InlineData(Arithmetic.Float64)]
    [InlineData(Arithmetic.Float32)]
    [InlineData(Arithmetic.Float32Simd)]
    public void ProjectionsAndStopHead(Arithmetic arithmetic)
    {
        using var golden = new GoldenFile("golden");
        using var weights = new GoldenFile("model");
        using var kernels = arithmetic.Use();
        var type = arithmetic.Type();
        foreach (var (input, name) in new[] { ("proj.lm_hidden", "lm_to_dit"), ("proj.res_hidden", "res_to_dit") })
        {
            var projected = VoxCpmWeights.Map(weights, $"{name}_proj", type, 64, 48).Forward(golden.Read(input, type));
            AssertNear(name, golden.Read($"proj.{name}", type), projected, Tolerances.Golden("proj", type));
        }

        var hidden = VoxCpmWeights.Map(weights, "stop_proj", type, 64, 64).Forward(golden.Read("stop.in", type)).Silu();
        var logits = VoxCpmWeights.Map(weights, "stop_head", type, 64, 2).Forward(hidden);
        AssertNear("stop.logits", golden.Read("stop.logits", type), logits, Tolerances.Golden("stop", arithmetic.Type()));
    }

    /// <summary>Mistakes that a port could make: each must be seen.</summary>
    [Theory]
    [InlineData("plain rotary positions")]
    [InlineData("no residual scale")]
    [InlineData("not causal")]
    [InlineData("another epsilon")]
    public void PlantedMistakesAreSeen(string mistake)
    {
        using var golden = new GoldenFile("golden");
        using var weights = new GoldenFile("model");
        var right = VoxCpmWeights.Stack(weights, "base_lm", ElementType.Float64, causal: true);
        var config = mistake switch
        {
            "no residual scale" => right.Config with { ResidualScale = 1 },
            "not causal" => right.Config with { Causal = false },
            "another epsilon" => right.Config with { NormEpsilon = 1e-3 },
            _ => right.Config,
        };
        var positions = mistake == "plain rotary positions" ? new RotaryPositions(ElementType.Float64, 128, HeadDim) : right.Positions;
        var wrong = new Transformer(new VoxCpmWeights(weights, "base_lm", ElementType.Float64).Root, config, positions);
        var x = Batched(golden.Read("lm.prefill.in", ElementType.Float64));
        var recorded = golden.Read("lm.prefill.norm", ElementType.Float64);
        AssertNear("right", recorded, right.Forward(x), Tolerances.Golden("lm", ElementType.Float32));
        Assert.ThrowsAny<Exception>(() => AssertNear("wrong", recorded, wrong.Forward(x), 10 * Tolerances.Golden("lm", ElementType.Float32)));
    }

    [Fact]
    public void TheComparisonItselfCanFail()
    {
        var recorded = Tensor.From([1.0, -2.0, 3.0], 3);
        AssertNear("same", recorded, recorded, 0);
        foreach (var bad in new double[][] { [1, 2, 3], [1, -2], [1, -2, double.NaN], [1, -2, 3.1] })
            Assert.ThrowsAny<Exception>(() => AssertNear("other", recorded, Tensor.From(bad, bad.Length), 0.01));
        Assert.ThrowsAny<Exception>(() => AssertNear("nothing", Tensor.Zeros(ElementType.Float64, 0), Tensor.Zeros(ElementType.Float64, 0), 1));
    }

    private static Tensor Batched(Tensor x) => x.Reshape(1, x[0], x[1]);
}
