// `ditar-parity`: who is how far from the float64 truth, layer by layer. Each command has a file of its own in Commands.

using System.CommandLine;
using Ditar.Parity;

var root = new RootCommand("Parity of Ditar's backends and ONNX Runtime with the float64 oracle.")
{
    ProvidersCommand.Create(),
    RunCommand.Create(),
    ExportCommand.Create(),
    RecordCommand.Create(),
    CompareCommand.Create(),
};

// Interrupts are the commands' own business.
return root.Parse(args).Invoke(new InvocationConfiguration { ProcessTerminationTimeout = null });
