// `ditar`: speech from text with a DiTAR checkpoint, and what a checkpoint holds. Each command has a file of its own in Commands.

using System.CommandLine;
using Ditar.Edge;

var say = SayCommand.Create();
var info = InfoCommand.Create();
var root = new RootCommand("Speech from text on the CPU, with a DiTAR model.") { say, info };
HelpExamples.AddTo(root, new Dictionary<Command, string> { [root] = SayCommand.FirstExample, [say] = SayCommand.Examples, [info] = InfoCommand.Examples });

var parsed = root.Parse(args);
if (parsed.Errors.Count > 0 && parsed.Action is not HelpExamples)
{
    Console.Error.WriteLine($"error: {string.Join(" ", parsed.Errors.Select(error => error.Message.ReplaceLineEndings(" ")))}");
    var path = parsed.CommandResult.Command == root ? "ditar" : $"ditar {parsed.CommandResult.Command.Name}";
    Console.Error.WriteLine($"'{path} --help' shows how it is used.");
    return ExitCode.Usage;
}

// Interrupts are the commands' own business: they keep what was spoken.
return parsed.Invoke(new InvocationConfiguration { ProcessTerminationTimeout = null });
