// `ditar`: speech from text with a DiTAR or VoxCPM checkpoint, voices, and what a checkpoint holds. Each command has a file of its own in Commands.

using System.CommandLine;
using System.Text.RegularExpressions;
using Ditar.Edge;

var say = SayCommand.Create();
var info = InfoCommand.Create();
var quantize = QuantizeCommand.Create();
var makeUp = MakeUpCommand.Create();
var voice = VoiceCommand.Create();
var bench = BenchCommand.Create();
var root = new RootCommand("Speech from text on the CPU, with a DiTAR model.") { say, voice, info, quantize, makeUp, bench };
HelpExamples.AddTo(root, new Dictionary<Command, string>
{
    [root] = SayCommand.FirstExample,
    [say] = SayCommand.Examples,
    [voice] = VoiceCommand.Examples,
    [info] = InfoCommand.Examples,
    [quantize] = QuantizeCommand.Examples,
    [makeUp] = MakeUpCommand.Examples,
    [bench] = BenchCommand.Examples,
});

var parsed = root.Parse(args);
if (parsed.Errors.Count > 0 && parsed.Action is not HelpExamples)
    return Failures.Usage(string.Join(" ", parsed.Errors.Select(error => Plain(error.Message))), parsed.CommandResult.Command);

// Interrupts are the commands' own business: they keep what was spoken.
return parsed.Invoke(new InvocationConfiguration { ProcessTerminationTimeout = null });

// The parser names the runtime's types.
static string Plain(string message) => Regex.Replace(message, "as expected type '[^']*(Int|Double)[^']*'", match => match.Groups[1].Value == "Int" ? "as a whole number" : "as a number");
