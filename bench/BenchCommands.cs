// The command line of bench: one command for each table, one for all of those that docs/benchmarks.md has.

using System.CommandLine;
using Ditar.Edge;
using Ditar.Simd;

namespace Ditar.Bench;

internal static class BenchCommands
{
    public const string Document = "docs/benchmarks.md";

    public const string Examples =
        """
          dotnet run -c Release --project bench -- gemm
          dotnet run -c Release --project bench -- kernels norm
          dotnet run -c Release --project bench -- speech VoxCPM
          dotnet run -c Release --project bench -- compare -o docs/benchmarks.md
        """;

    public const string ExitCodes =
        """
        Exit codes:
          0    done
          1    something could not be measured: a file or ONNX Runtime's library is missing, or a disk is full
          2    wrong command line
        """;

    private const int Threads = 2;

    public static RootCommand Root() => new("Tables of speed. Kernels stand beside the limits of the machine, products, modules and whole models beside ONNX Runtime in the same run.")
    {
        MachineLimits(),
        Table("gemm", "matrix products of training and inference beside these peaks", () => WithPool(pool => GemmTable.Print(new Peaks(pool), pool, withGemm: true))),
        Table("skinny", "products of few rows with packed weights, in every format, beside the peaks", () => WithPool(pool => SkinnyTable.Print(new Peaks(pool), pool))),
        Filtered("kernels", "every kernel of the definition's seam: time, bytes per second, bytes allocated", "kernels with this in their names", filter => KernelTable.Print(filter)),
        Filtered("micro", "the same kernels under BenchmarkDotNet, with error bars", "kernels with this in their names", MicroBenchmarks.Run),
        Table("products", "beside ONNX Runtime: matrix products, few rows and chains, float32, bf16, int8, int4", () => BesideRun.Run("products")),
        Table("layers", "beside ONNX Runtime: a language model's step and a patch's solve, at the paper's 0.4B", () => BesideRun.Run("layers")),
        Filtered("vae", "beside ONNX Runtime: a second of sound through speech tokenizers", "those with this in their names", filter => BesideRun.Run("vae", filter: filter)),
        Filtered("growth", "beside ONNX Runtime: a language model's step behind 1 to 3,000 positions", "models with this in their names", filter => BesideRun.Run("growth", filter: filter)),
        Table("load", "from a folder to the first sound, a process each, and its most memory", () => BesideRun.Run("load")),
        Filtered("speech", "beside ONNX Runtime: whole utterances of the paper's sizes and of VoxCPM's checkpoints", "models with this in their names", filter => BesideRun.Run("speech", filter: filter)),
        Compare(),
        Child(),
    };

    private static Command Table(string name, string description, Action print)
    {
        var command = new Command(name, description);
        command.SetAction(_ => Done(print));
        return command;
    }

    private static Command Filtered(string name, string description, string part, Action<string> print)
    {
        var filter = new Argument<string>("part") { Description = $"only {part}", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command(name, description) { filter };
        command.SetAction(parsed => Done(() => print(parsed.GetValue(filter) ?? "")));
        return command;
    }

    // `peaks gemm` is `gemm` by another name: peaks stand above both.
    private static Command MachineLimits()
    {
        var gemm = new Argument<string>("table") { Description = "gemm: the matrix products below them", Arity = ArgumentArity.ZeroOrOne };
        gemm.AcceptOnlyFromAmong("gemm");
        var command = new Command("peaks", "what the machine can do: multiply-adds, reading memory") { gemm };
        command.SetAction(parsed => Done(() => WithPool(pool => GemmTable.Print(new Peaks(pool), pool, withGemm: parsed.GetValue(gemm) is not null))));
        return command;
    }

    private static Command Compare()
    {
        var output = new Option<string>("--output", "-o") { Description = "where to write", HelpName = "FILE", DefaultValueFactory = _ => Document };
        var command = new Command("compare", "all tables beside ONNX Runtime, in some twenty minutes; written as they are done") { output };
        command.SetAction(parsed => Done(() => BesideRun.Run("compare", parsed.GetValue(output)!)));
        return command;
    }

    // What `load` starts.
    private static Command Child()
    {
        var (folder, format, threads) = (new Argument<string>("folder"), new Argument<string>("format"), new Argument<int>("threads"));
        var command = new Command(LoadBeside.Child) { folder, format, threads };
        command.Hidden = true;
        command.SetAction(parsed => Done(() => LoadBeside.RunChild(parsed.GetValue(folder)!, parsed.GetValue(format)!, parsed.GetValue(threads))));
        return command;
    }

    private static int Done(Action run) => Failures.Guard(() =>
    {
        run();
        return Edge.ExitCode.Done;
    });

    private static void WithPool(Action<WorkerPool> run)
    {
        using var pool = new WorkerPool(Threads);
        run(pool);
    }
}
