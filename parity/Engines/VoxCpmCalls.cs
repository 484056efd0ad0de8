// VoxCPM out of its parts, called one by one by name, behind the interfaces of the one generation loop: how exported graphs speak. It does what
// VoxCpmLanguageModel.Forward does with the definition's modules; the definition itself speaks beside it in free running, so the two are compared.

using Ditar.Onnx;
using Ditar.Reference;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Speech;
using Ditar.Reference.VoxCpm;

namespace Ditar.Parity;

/// <param name="run">One part on given inputs.</param>
/// <param name="grid">Of the sampler: a mean-mode model is told how far each step goes.</param>
internal sealed class VoxCpmCalls(VoxCpmConfig config, Func<ModuleCall, IReadOnlyList<RecordedTensor>> run, TimeGrid grid) : IPatchEncoder, ILanguageModel, IVelocityField
{
    private const string Scenario = "spoken";

    public Tensor Encode(Tensor patches) => One(GraphNames.PatchEncoder, ("patches", patches));

    public Tensor Embed(ReadOnlySpan<int> symbols) => First(run(new ModuleCall(Scenario, GraphNames.TextEmbedding, "", [RecordedTensor.Symbols("symbols", symbols.ToArray())])));

    public ILanguageState Start() => new State();

    public Tensor Forward(Tensor inputs, ILanguageState state) => Forward(inputs, [.. Enumerable.Repeat(true, inputs[0])], state);

    public Tensor Forward(Tensor inputs, ReadOnlySpan<bool> patches, ILanguageState state)
    {
        var held = (State)state;
        var hidden = Stack(VoxCpmGraphNames.BasePrefill, VoxCpmGraphNames.BaseStep, inputs, held.Base);
        var quantised = patches.Contains(true) ? One(VoxCpmGraphNames.Quantiser, ("hidden", hidden)) : hidden;
        Tensor[] mixed = new Tensor[patches.Length], heard = new Tensor[patches.Length];
        for (var row = 0; row < patches.Length; row++)
        {
            mixed[row] = (patches[row] ? quantised : hidden).Slice(0, row, 1);
            heard[row] = patches[row] ? inputs.Slice(0, row, 1) : Tensor.Zeros(inputs.Type, 1, inputs[1]);
        }

        var h = Tensor.Concat(0, mixed);                                                           // [time, W]
        var between = One(VoxCpmGraphNames.ResidualInput, ("hidden", h), ("heard", Tensor.Concat(0, heard)));
        var residual = Stack(VoxCpmGraphNames.ResidualPrefill, VoxCpmGraphNames.ResidualStep, between, held.Residual);
        held.Length += inputs[0];
        return Tensor.Concat(1, h, residual);                                                      // [time, 2 W]
    }

    public Tensor Condition(Tensor hidden) => One(VoxCpmGraphNames.Condition, ("hidden", hidden));

    public double StopProbability(Tensor hidden)
    {
        var logits = One(VoxCpmGraphNames.Stop, ("hidden", hidden.Slice(1, 0, config.Base.Width))).ToDoubles();
        return 1 / (1 + Math.Exp(logits[0] - logits[1]));
    }

    public IPatchField Begin(Tensor condition, Tensor history) => new Patch(this, condition, history);

    private Tensor One(string part, params ReadOnlySpan<(string Name, Tensor Value)> inputs)
    {
        var given = new List<RecordedTensor>();
        foreach (var (name, value) in inputs) given.Add(RecordedTensor.Rounded(name, value));
        return First(run(new ModuleCall(Scenario, part, "", given)));
    }

    private Tensor Stack(string prefill, string step, Tensor inputs, List<RecordedTensor> caches)
    {
        var outputs = run(new ModuleCall(Scenario, caches.Count == 0 ? prefill : step, "", [RecordedTensor.Rounded("inputs", inputs), .. caches]));
        caches.Clear();
        caches.AddRange(outputs.Where(output => output.Name.StartsWith("present.", StringComparison.Ordinal)).Select(output => output with { Name = "past" + output.Name["present".Length..] }));
        return outputs.First(output => output.Name == "hidden").ToTensor(ElementType.Float32);
    }

    // What the part hands out is behind what is inside it.
    private static Tensor First(IReadOnlyList<RecordedTensor> outputs) =>
        outputs.First(output => Array.IndexOf(ModuleCall.OutputNames, output.Name) >= 0).ToTensor(ElementType.Float32);

    private double StepAt(double time)
    {
        if (!config.MeanMode) return 0;
        var n = grid.Nearest(time);
        return n == 0 ? 0 : grid[n] - grid[n - 1];
    }

    private sealed class State : ILanguageState
    {
        /// <summary>past.0.keys, past.0.values, ... of the base model.</summary>
        public List<RecordedTensor> Base { get; } = [];

        public List<RecordedTensor> Residual { get; } = [];

        public int Length { get; set; }

        public void Dispose()
        {
        }
    }

    private sealed class Patch(VoxCpmCalls parts, Tensor condition, Tensor history) : IPatchField
    {
        public Tensor Velocity(Tensor x, double time) => parts.One(
            VoxCpmGraphNames.Velocity, ("noisy", x), ("time", Tensor.Full(ElementType.Float32, time, x[0])),
            ("step", Tensor.Full(ElementType.Float32, parts.StepAt(time), x[0])), ("condition", condition), ("history", history));
    }
}
