// `ditar-learn`: makes corpora, trains and evaluates. Each command has a file of its own in Commands.

using System.CommandLine;
using Ditar.Learn;
using Ditar.Reference.Kernels;
using Ditar.Simd;

// One thread a call: training runs a replica on each core.
KernelSet.Default = new SimdKernels();
var root = new RootCommand("Make training speech, train and evaluate DiTAR.")
{
    CorpusCommand.Create(),
    TrainCommand.Create(),
    EvalCommand.Create(),
    PackageCommand.Create(),
};
// A run that is told to stop finishes its step and saves its state first.
var patience = new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(1) };
return await root.Parse(args).InvokeAsync(patience).ConfigureAwait(false);
