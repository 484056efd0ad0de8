// `ditar-parity`: who is how far from the float64 truth, layer by layer.

using System.CommandLine;

return new RootCommand("Parity of Ditar's backends and ONNX Runtime with the float64 oracle.").Parse(args).Invoke();
