// `ditar-parity providers`: the ONNX Runtime library that is found, what it offers, and whether each provider works here and on what.

using System.CommandLine;
using Ditar.Onnx;

namespace Ditar.Parity;

internal static class ProvidersCommand
{
    public static Command Create()
    {
        var provider = new Option<string>("--provider") { Description = $"also choose one, as the other commands do: {string.Join(", ", ProviderChoice.Names)}", HelpName = "NAME" };
        provider.AcceptOnlyFromAmong([.. ProviderChoice.Names]);
        var command = new Command("providers", "Show the ONNX Runtime library and the execution providers that it offers and that work here.") { provider };
        command.SetAction(parsed =>
        {
            try
            {
                return Run(parsed.GetValue(provider) ?? ProviderChoice.Auto, parsed.InvocationConfiguration.Output);
            }
            catch (OnnxException fault)
            {
                parsed.InvocationConfiguration.Error.WriteLine($"error: {fault.Message.ReplaceLineEndings(" ")}");
                return 1;
            }
        });
        return command;
    }

    private static int Run(string name, TextWriter output)
    {
        var library = FetchedLibrary.Require(Console.Error.WriteLine);
        output.WriteLine($"ONNX Runtime {library.Version}, {library.Path}");
        output.WriteLine($"offers {string.Join(", ", library.ProviderNames)}");
        foreach (var provider in Enum.GetValues<OnnxProvider>())
        {
            var state = ProviderState.Of(library, provider);
            output.WriteLine($"{provider.Title(),-8}{(state.Works ? "works" : "does not work: " + state.Fault)}");
            if (state.Adapter is { } adapter) output.WriteLine($"{"",-8}{adapter}");
        }

        var choice = ProviderChoice.Make(library, name);
        output.WriteLine($"{name} takes {choice.Title}: {string.Join("; ", choice.Reasons)}");
        return 0;
    }
}
