// The modules of every recorded VoxCPM checkpoint, each on recorded inputs: rotary tables, both language models with their caches, patch encoder, quantiser,
// stop head and projections. LocDiT and the solver have a file of their own.

using Ditar.Reference;
using Ditar.Reference.Layers;
using Ditar.Reference.Tracing;
using Ditar.Reference.VoxCpm;
using Ditar.Tests.Reference.Golden;
using static Ditar.Tests.Tolerances;

namespace Ditar.Tests.Reference.VoxCpm;

[Trait("Category", "Golden")]
public class VoxCpmModelGoldenTests
{
    public static TheoryData<string, Arithmetic> Runs => VoxCpmGolden.Runs;

    public static TheoryData<string> Folders => [.. VoxCpmGolden.Folders];

    [Theory]
    [MemberData(nameof(Folders))]
    public void RotaryTables(string folder)
    {
        using var golden = new VoxCpmGolden(folder);
        var rope = golden.Config.Rotary;
        var positions = golden.Integers("rope.positions");
        var table = rope.Positions(ElementType.Float64, positions.Max() + 1, golden.Config.Base.HeadDim);
        var frequencies = LongRope.Frequencies(golden.Config.Base.HeadDim, rope.Theta);
        Nearness.AssertNear("inv_freq", golden.Read("rope.inv_freq", ElementType.Float32), Tensor.From(frequencies, frequencies.Length), 2 * U);
        Assert.Equal(golden.Read("rope.scaling_factor", ElementType.Float64).ToDoubles()[0], rope.Scale, 2 * U);
        foreach (var (name, ours) in new[] { ("rope.cos", table.Cosine), ("rope.sin", table.Sine) })
        {
            var rows = ours.Gather(positions);
            var both = Tensor.Concat(1, rows, rows);
            golden.Near(name, both, VoxCpmHidden);
            var recorded = golden.Read(name, ElementType.Float64);
            // The recorded angles are float32 products of two factors of up to `position` radians.
            for (var row = 0; row < positions.Length; row++)
                Nearness.AssertNear($"{name} at {positions[row]}", recorded.Slice(0, row, 1), both.Slice(0, row, 1), RotaryTable(positions[row]));
        }
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void LanguageModelsLayerByLayer(string folder, Arithmetic arithmetic)
    {
        using var golden = new VoxCpmGolden(folder);
        using var kernels = arithmetic.Use();
        var model = golden.Model(arithmetic.Type()).LanguageModel;
        var rows = model.Embed(golden.Integers("lm.ids"));
        golden.Near("lm.prefill.in", rows, VoxCpmHidden);
        // One product each, rounded once.
        if (arithmetic != Arithmetic.Float64) Assert.Equal(golden.Read("lm.prefill.in", ElementType.Float32).ToSingles(), rows.ToSingles());
        LayerByLayer(golden, "lm", "language_model.base", model.Base, arithmetic.Type());
        LayerByLayer(golden, "res", "language_model.residual", model.Residual, arithmetic.Type());
        golden.Near("rms.out", model.Base.Norm.Forward(golden.Read("rms.in", arithmetic.Type())), VoxCpmHidden);
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void PatchEncoder(string folder, Arithmetic arithmetic)
    {
        using var golden = new VoxCpmGolden(folder);
        using var kernels = arithmetic.Use();
        var encoder = golden.Model(arithmetic.Type()).Encoder;
        var outputs = new ModuleOutputs();
        var patches = golden.Read("enc.in", arithmetic.Type()).Reshape(-1, golden.Config.PatchSize, golden.Config.LatentDim);
        using (Observation.Of(outputs)) golden.Near("enc.to_lm", encoder.Encode(patches), VoxCpmHidden);
        golden.Near("enc.in_proj", outputs["encoder.input"], VoxCpmHidden);
        for (var i = 0; i < encoder.Transformer.Layers.Count; i++) golden.Near($"enc.layer{i}.out", outputs[$"encoder.transformer.layers.{i}"], VoxCpmHidden);
        golden.Near("enc.out", outputs["encoder.transformer"].Slice(1, 0, 1), VoxCpmHidden);
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void Quantiser(string folder, Arithmetic arithmetic)
    {
        using var golden = new VoxCpmGolden(folder);
        using var kernels = arithmetic.Use();
        var quantiser = golden.Model(arithmetic.Type()).LanguageModel.Quantiser;
        var x = golden.Read("fsq.in", arithmetic.Type());
        golden.Near("fsq.in_proj", quantiser.Input.Forward(x), VoxCpmHidden);
        golden.Near("fsq.quantized", quantiser.Levels(x), VoxCpmHidden);
        golden.Near("fsq.out", quantiser.Forward(x), VoxCpmHidden);
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void StopHeadAndProjections(string folder, Arithmetic arithmetic)
    {
        using var golden = new VoxCpmGolden(folder);
        using var kernels = arithmetic.Use();
        var type = arithmetic.Type();
        var model = golden.Model(type).LanguageModel;
        var inputs = golden.Read("stop.in", type);
        var logits = model.StopLogits(inputs);
        golden.Near("stop.logits", logits, VoxCpmHidden);
        var flags = Enumerable.Range(0, inputs[0]).Select(row => model.StopProbability(Tensor.Concat(1, inputs.Slice(0, row, 1), inputs.Slice(0, row, 1))) > 0.5 ? 1 : 0);
        Assert.Equal(golden.Integers("stop.flag"), flags);

        var (fromBase, fromResidual) = (golden.Read("proj.lm_hidden", type), golden.Read("proj.res_hidden", type));
        golden.Near("proj.lm_to_dit", model.BaseCondition.Forward(fromBase), VoxCpmHidden);
        golden.Near("proj.res_to_dit", model.ResidualCondition.Forward(fromResidual), VoxCpmHidden);
        if (model.Fusion is { } fusion) golden.Near("proj.fusion", fusion.Forward(Tensor.Concat(1, fromBase, golden.Read("proj.feat_embed", type))), VoxCpmHidden);
    }

    public static TheoryData<string, string> Mistakes
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var folder in VoxCpmGolden.Folders)
                foreach (var mistake in new[] { "plain rotary positions", "no residual scale", "not causal", "another epsilon" }) data.Add(folder, mistake);
            return data;
        }
    }

    /// <summary>Mistakes that a port could make: each must be seen.</summary>
    [Theory]
    [MemberData(nameof(Mistakes))]
    public void PlantedMistakesAreSeen(string folder, string mistake)
    {
        using var golden = new VoxCpmGolden(folder);
        // What a checkpoint does not have cannot be forgotten.
        if ((mistake == "no residual scale" && golden.Config.Mup is null) || (mistake == "plain rotary positions" && golden.Config.Rotary.Factors is null)) return;
        var x = golden.Read("lm.prefill.in", ElementType.Float64);
        x = x.Reshape(1, x[0], x[1]);
        Near(golden.Stack("base", ElementType.Float64, config => config), 1);
        Assert.ThrowsAny<Exception>(() => Near(golden.Stack("base", ElementType.Float64, Wrong, mistake == "plain rotary positions" ? Plain() : null), 100));

        void Near(Transformer stack, double times) => golden.Near("lm.prefill.norm", stack.Forward(x), times * VoxCpmHidden);

        RotaryPositions Plain() => new(ElementType.Float64, golden.Config.Positions, golden.Config.Base.HeadDim, golden.Config.Rotary.Theta);

        TransformerConfig Wrong(TransformerConfig config) => mistake switch
        {
            "no residual scale" => config with { ResidualScale = 1 },
            "not causal" => config with { Causal = false },
            "another epsilon" => config with { NormEpsilon = 1e-3 },
            _ => config,
        };
    }

    private static void LayerByLayer(VoxCpmGolden golden, string group, string path, Transformer stack, ElementType type)
    {
        var caches = stack.StartCaches();
        Run("prefill", golden.Read($"{group}.prefill.in", type), "norm");
        var outputs = new ModuleOutputs();
        for (var i = 0; i < stack.Layers.Count; i++)
        {
            var headDim = stack.Config.HeadDim;
            var keys = golden.Read($"{group}.prefill.layer{i}.k", type);                           // [heads, time, headDim] in the official order of pairs
            golden.Near($"{group}.prefill.layer{i}.k", VoxCpmGolden.Interleaved(keys, headDim).Transpose(0, 1), caches[i].Keys!, VoxCpmHidden);
            golden.Near($"{group}.prefill.layer{i}.v", golden.Read($"{group}.prefill.layer{i}.v", type).Transpose(0, 1), caches[i].Values!, VoxCpmHidden);
        }

        for (var step = 0; golden.Contains($"{group}.step{step}.in"); step++) Run($"step{step}", golden.Read($"{group}.step{step}.in", type).Reshape(1, -1), "out");

        void Run(string name, Tensor x, string last)
        {
            outputs = new ModuleOutputs();
            using (Observation.Of(outputs)) golden.Near($"{group}.{name}.{last}", stack.Forward(x.Reshape(1, -1, stack.Config.Width), caches), VoxCpmHidden);
            for (var i = 0; i < stack.Layers.Count; i++) golden.Near($"{group}.{name}.layer{i}.out", outputs[$"{path}.layers.{i}"], VoxCpmHidden);
            if (name != "prefill") return;
            foreach (var (piece, module) in new[] { ("input_norm", "attention_norm"), ("attn", "attention"), ("post_norm", "feed_forward_norm"), ("mlp", "feed_forward") })
                golden.Near($"{group}.prefill.layer0.{piece}", outputs[$"{path}.layers.0.{module}"], VoxCpmHidden);
        }
    }
}
