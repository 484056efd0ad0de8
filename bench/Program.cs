// Tables of speed: `bench --help` tells which there are. `compare` writes docs/benchmarks.md.

using System.CommandLine;
using Ditar.Bench;
using Ditar.Edge;

var root = BenchCommands.Root();
HelpExamples.AddTo(root, new Dictionary<Command, string> { [root] = BenchCommands.Examples }, BenchCommands.ExitCodes);
var parsed = root.Parse(args);
if (parsed.Errors.Count > 0 && parsed.Action is not HelpExamples)
    return Failures.Usage(string.Join(" ", parsed.Errors.Select(error => error.Message)), parsed.CommandResult.Command, "bench");
return parsed.Invoke();
