// `ditar-parity export`: the whole pipeline as ONNX graphs, from the one model definition.

using System.CommandLine;
using System.Diagnostics;
using Ditar.Onnx;
using Ditar.Parity.Export;
using Ditar.Reference.Speech;
using Ditar.Reference.Vae;

namespace Ditar.Parity;

internal static class ExportCommand
{
    public static Command Create()
    {
        var folder = new Option<string>("--model", "-m") { Description = "folder of the checkpoint, or an official VoxCPM one [default: models/ditar-tiny]", HelpName = "DIR" };
        var size = new Option<string>("--size") { Description = $"one of the named sizes instead, with --random: {string.Join(", ", DitarConfig.Names)}", HelpName = "SIZE" };
        var random = new Option<bool>("--random") { Description = "random weights from --seed" };
        var seed = new Option<ulong>("--seed") { Description = "of random weights", DefaultValueFactory = _ => 1 };
        var decoder = new Option<string>("--decoder") { Description = "VAE decoder of random weights: istft or bigvgan", DefaultValueFactory = _ => VaeConfig.InverseStftKind };
        var output = new Option<string>("--output", "-o") { Description = "folder for the graphs and their manifest", HelpName = "DIR", Required = true };
        var precision = new Option<string>("--precision")
        {
            Description = "how weights are stored. float16 halves the files: matrices are stored as float16 and cast to float32 where they are used, so graphs compute in float32 either way",
            DefaultValueFactory = _ => "float32",
        };
        precision.AcceptOnlyFromAmong("float32", "float16");
        var intermediates = new Option<bool>("--intermediates") { Description = "make every module's output an output of its graph, named by the module's path" };
        var external = new Option<bool>("--external") { Description = "weights in a file beside each graph; graphs past 2 GB have one anyway" };
        var force = new Option<bool>("--force") { Description = "replace an earlier export" };
        var parts = new Option<string[]>("--parts") { Description = $"only these: {string.Join(", ", GraphNames.All)}; of VoxCPM {string.Join(", ", VoxCpmGraphNames.All)}", AllowMultipleArgumentsPerToken = true, HelpName = "NAME" };

        var command = new Command("export", "Write the model's parts as ONNX graphs (opset 17, standard operators) with a manifest.")
        {
            folder, size, random, seed, decoder, output, precision, intermediates, external, force, parts,
        };
        command.SetAction(parsed => Guard.Run(cancellation =>
        {
            var options = new ExportOptions
            {
                Weights = parsed.GetValue(precision) == "float16" ? WeightPrecision.Float16 : WeightPrecision.Float32,
                Intermediates = parsed.GetValue(intermediates),
                External = parsed.GetValue(external),
                Force = parsed.GetValue(force),
                Parts = parsed.GetValue(parts) ?? [],
            };
            if (!parsed.GetValue(random) && parsed.GetValue(size) is { } name) throw new ArgumentException($"There are no trained weights for --size {name}; add --random.");
            if (parsed.GetValue(random) && parsed.GetValue(folder) is not null) throw new ArgumentException("--random makes its own weights; it takes --size, not --model.");
            var model = parsed.GetValue(random)
                ? DitarParityModel.Random(parsed.GetValue(size) ?? "tiny", parsed.GetValue(seed), parsed.GetValue(decoder)!)
                : ParityModel.Open(parsed.GetValue(folder) ?? Path.Combine("models", "ditar-tiny"));
            return Run(model, parsed.GetValue(output)!, options, cancellation);
        }));
        return command;
    }

    private static int Run(ParityModel model, string output, ExportOptions options, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var manifest = OnnxExport.Run(output, ExportSource.Of(model), options, Console.IsErrorRedirected ? null : new Line(), cancellation);
        if (!Console.IsErrorRedirected) Console.Error.Write(Line.Clear);
        foreach (var graph in manifest.Graphs)
        {
            var bytes = new[] { graph.File, graph.DataFile }.OfType<string>().Sum(file => new FileInfo(Path.Combine(output, file)).Length);
            Console.WriteLine($"{graph.File,-24} {bytes / 1e6,9:0.0} MB  {graph.Inputs.Count} in, {graph.Outputs.Count} out");
        }

        Console.WriteLine($"{manifest.Name} in {Path.GetFullPath(output)}: {manifest.Graphs.Count} graphs, {clock.Elapsed.TotalSeconds:0.0} s");
        return ExitCode.Done;
    }

    // One line that is written over; reports come from the exporting thread itself, in order.
    private sealed class Line : IProgress<ExportProgress>
    {
        public const string Clear = "\r\e[K";
        private readonly Stopwatch shown = Stopwatch.StartNew();

        public void Report(ExportProgress value)
        {
            if (value.Written > 0 && shown.ElapsedMilliseconds < 100) return;
            shown.Restart();
            Console.Error.Write(value.Nodes == 0 ? $"{Clear}{value.Graph}: tracing" : $"{Clear}{value.Graph}: {value.Nodes} nodes, {value.Written / 1e6:0} of {value.Total / 1e6:0} MB");
        }
    }
}
