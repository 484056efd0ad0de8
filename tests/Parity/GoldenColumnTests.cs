// What the official code computed, as a recorded run: its inputs are the plan, its outputs the truth, and every engine of the lab, ONNX Runtime among them, is
// held to the lab's own bounds against it. The recorded numbers are float32 themselves, so a row holds their error and ours.

using Ditar.Onnx;
using Ditar.Parity;
using Ditar.Parity.Export;
using Ditar.Reference;
using Ditar.Reference.VoxCpm;
using Ditar.Tests.Onnx;
using Ditar.Tests.Reference.Files;
using Ditar.Tests.Reference.VoxCpm;

namespace Ditar.Tests.Parity;

[Trait("Category", "Golden")]
[Collection(OnnxCollection.Name)]
public class GoldenColumnTests(OnnxFixture onnx)
{
    private const string Scenario = "golden";

    public static TheoryData<string> Folders => [.. VoxCpmGolden.Folders];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Every_engine_computes_what_the_official_code_did(string name)
    {
        using var golden = new VoxCpmGolden(name);
        using var folder = new TemporaryFolder();
        var model = (VoxCpmParityModel)ParityModel.Open(golden.Folder);
        var truth = Recorded(golden, model);
        var plan = Plan.Of(truth);
        var manifest = OnnxExport.Run(folder.Path, ExportSource.Of(model), new ExportOptions());
        IParityEngine[] engines =
        [
            KernelEngine.Oracle(model), KernelEngine.Reference(model), KernelEngine.Simd(model),
            new GraphEngine(model, onnx.Library, folder.Path, manifest, ProviderChoice.Make(onnx.Library, "cpu")),
        ];
        var runs = new List<Recording> { truth };
        foreach (var engine in engines)
        {
            using (engine) runs.Add(plan.Record(engine, model.Identity, () => { }, CancellationToken.None));
            var shown = truth.Outputs.Select(output => output.Name).ToHashSet(StringComparer.Ordinal);
            runs[^1] = runs[^1] with { Outputs = [.. runs[^1].Outputs.Where(output => shown.Contains(output.Name))] };
        }

        var result = Comparison.Of(runs);
        Assert.True(result.Holds, string.Join('\n', result.Breaks.Select(Verdict.Of)));
        Assert.Equal(9, result.Rows.Count);
        Assert.All(result.Rows, row => Assert.Equal(engines.Length, row.Cells.Count));

        // A changed truth is seen by all.
        var lies = truth with { Outputs = [.. truth.Outputs.Select(output => output with { Values = output.ToDoubles().Select(value => value * 1.001).ToArray() })] };
        Assert.Equal(9 * engines.Length, Comparison.Of([lies, .. runs[1..]]).Rows.Sum(row => row.Cells.Values.Count(cell => cell.Break is not null)));
    }

    private static Recording Recorded(VoxCpmGolden golden, VoxCpmParityModel model)
    {
        var (inputs, outputs, config) = (new List<RecordedTensor>(), new List<RecordedTensor>(), model.Config);
        foreach (var (group, stack) in new[] { ("lm", VoxCpmGraphNames.BasePrefill), ("res", VoxCpmGraphNames.ResidualPrefill) })
            Call(stack, "hidden", Read($"{group}.prefill.norm"), ("inputs", Read($"{group}.prefill.in")));
        var patches = Read("enc.in").Reshape(-1, config.PatchSize, config.LatentDim);
        Call(GraphNames.PatchEncoder, "embedding", Read("enc.to_lm").Reshape(patches[0], -1), ("patches", patches));
        Call(VoxCpmGraphNames.Quantiser, "quantised", Read("fsq.out"), ("hidden", Read("fsq.in")));
        var (fromBase, fromResidual) = (Read("proj.lm_to_dit"), Read("proj.res_to_dit"));
        Call(
            VoxCpmGraphNames.Condition, "condition", config.Version == VoxCpmVersion.Two ? Tensor.Concat(1, fromBase, fromResidual) : fromBase + fromResidual,
            ("hidden", Tensor.Concat(1, Read("proj.lm_hidden"), Read("proj.res_hidden"))));
        Call(VoxCpmGraphNames.Stop, "logits", Read("stop.logits"), ("hidden", Read("stop.in")));
        Call(
            VoxCpmGraphNames.Velocity, "velocity", Read("dit.v").Transpose(1, 2), ("noisy", Read("dit.x").Transpose(1, 2)), ("time", Read("dit.t")), ("step", Read("dit.dt")),
            ("condition", Read("dit.mu")), ("history", Read("dit.cond").Transpose(1, 2)));
        var (wave, hop) = (Read("vae.enc.wav"), config.Vae.EncoderHop);
        var heard = wave.Reshape(1, wave.Count, 1).Pad(1, 0, (hop - (wave.Count % hop)) % hop);
        Call(GraphNames.VaeEncoder, "latents", Rows(Read("vae.enc.mu")), ("audio", heard));
        Call(GraphNames.VaeDecoder, "audio", Read("vae.dec.audio").Reshape(1, -1, 1), ("latents", Rows(Read("vae.dec.z"))));
        return new Recording(
            new EngineIdentity("official float32", EngineKind.Oracle, "official code, 1 thread", "see golden.md", Layers: false), MachineIdentity.Here, model.Identity, 1,
            new DateTime(2026, 7, 8, 0, 0, 0, DateTimeKind.Utc), inputs, outputs);

        Tensor Read(string tensor) => golden.Read(tensor, ElementType.Float64);

        // Recorded [channels, time], ours [1, time, channels].
        static Tensor Rows(Tensor x) => x.Transpose(0, 1).Reshape(1, x[1], x[0]);

        void Call(string module, string output, Tensor found, params ReadOnlySpan<(string Name, Tensor Value)> given)
        {
            foreach (var (name, value) in given) inputs.Add(RecordedTensor.Rounded($"{Scenario}/{module}/{name}", value));
            outputs.Add(RecordedTensor.Of($"{Scenario}/{module}/{output}", found));
        }
    }
}
