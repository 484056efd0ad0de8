// The options of ONNX Runtime: which provider, which graphs.

using System.CommandLine;

namespace Ditar.Parity;

/// <param name="Providers">auto, cpu, webgpu, cuda; CPU is always compared too.</param>
/// <param name="Folder">Exported graphs, or null to export them for this run.</param>
internal sealed record GraphChoice(IReadOnlyList<string> Providers, string? Folder);

internal sealed class GraphOptions
{
    private readonly Option<string[]> provider = new("--provider", "-p")
    {
        Description = "ONNX Runtime's execution providers: auto, cpu, webgpu, cuda; several may be named",
        HelpName = "NAME",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => ["auto"],
    };

    private readonly Option<string> folder = new("--onnx") { Description = "exported graphs with their intermediates [default: exported for this run]", HelpName = "DIR" };

    public void AddTo(Command command)
    {
        command.Add(provider);
        command.Add(folder);
    }

    public GraphChoice Read(ParseResult parsed) => new(parsed.GetValue(provider)!, parsed.GetValue(folder));

    public string Typed(ParseResult parsed) =>
        $" --provider {string.Join(' ', parsed.GetValue(provider)!)}{(parsed.GetValue(folder) is { } path ? $" --onnx {path}" : "")}";
}
