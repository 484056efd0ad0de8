// One call of one exported module, with its inputs: what every engine is asked to compute. Names of modules, inputs and outputs are those of the ONNX
// graphs, so that a recording can be made by anything that can run them.

namespace Ditar.Parity;

/// <param name="Scenario">seeded or utterance.</param>
/// <param name="Module">The graph's name.</param>
/// <param name="Variant">Tells calls of one module apart: "t0.5"; empty for the only one.</param>
/// <param name="Inputs">Named as the graph's inputs.</param>
internal sealed record ModuleCall(string Scenario, string Module, string Variant, IReadOnlyList<RecordedTensor> Inputs)
{
    /// <summary>All names of graph outputs, without their indices: present.3.keys is "present".</summary>
    public static readonly string[] OutputNames = ["embedding", "hidden", "present", "quantised", "inputs", "condition", "velocity", "probability", "logits", "latents", "audio"];

    /// <summary>scenario/module.variant.</summary>
    public string Name => Variant.Length == 0 ? $"{Scenario}/{Module}" : $"{Scenario}/{Module}.{Variant}";

    public RecordedTensor this[string input] => Inputs.FirstOrDefault(tensor => tensor.Name == input)
        ?? throw new ArgumentException($"{Name} has no input {input}; it has {string.Join(", ", Inputs.Select(tensor => tensor.Name))}.", nameof(input));

    /// <summary>The calls whose inputs a recording holds.</summary>
    public static IReadOnlyList<ModuleCall> In(IReadOnlyList<RecordedTensor> inputs) =>
    [
        .. inputs.Where(input => input.Name.Count(character => character == '/') == 2)
            .GroupBy(input => input.Name[..input.Name.LastIndexOf('/')])
            .Select(call =>
            {
                var (scenario, rest) = (call.Key.Split('/')[0], call.Key.Split('/')[1]);
                var dot = rest.IndexOf('.', StringComparison.Ordinal);
                return new ModuleCall(
                    scenario, dot < 0 ? rest : rest[..dot], dot < 0 ? "" : rest[(dot + 1)..],
                    [.. call.Select(input => input with { Name = input.Name[(input.Name.LastIndexOf('/') + 1)..] })]);
            })
            .Where(call => call.Module != FreeRun.Module),
    ];
}
