// `ditar info`: what a checkpoint holds, for people or as JSON. It loads the checkpoint as `say` would, so what it shows is known to work.

using System.CommandLine;
using Ditar.Reference.VoxCpm;

namespace Ditar.Edge;

internal static class InfoCommand
{
    public const string Examples =
        """
          ditar info
          ditar info --model models/ditar-tiny
          ditar info --json | jq .parameters
        """;

    public static Command Create()
    {
        var model = new Option<string>("--model", "-m") { Description = "folder of the checkpoint [default: models/ditar-tiny, where it is found]", HelpName = "DIR" };
        var json = new Option<bool>("--json") { Description = "as JSON" };
        var command = new Command("info", "Load a checkpoint, check all of it, and tell what it holds: sizes, parameters, files, voices, defaults.") { model, json };
        command.SetAction(parsed => Failures.Guard(() =>
        {
            var folder = parsed.GetValue(model) ?? ModelFolder.Find();
            var asJson = parsed.GetValue(json);
            if (VoxCpmCheckpoint.IsOne(folder))
            {
                var official = VoxCpmFacts.Of(folder);
                Console.WriteLine(asJson ? official.ToJson() : official.ToText());
                return ExitCode.Done;
            }

            var facts = CheckpointFacts.Of(folder);
            Console.WriteLine(asJson ? facts.ToJson() : facts.ToText());
            return ExitCode.Done;
        }));
        return command;
    }
}
