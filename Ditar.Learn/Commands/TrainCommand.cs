// `ditar-learn train`: one subcommand for each thing that is trained, and the one way in which they fail.

using System.CommandLine;
using Ditar.Reference.Files;
using Ditar.Reference.Kernels;

namespace Ditar.Learn;

internal static class TrainCommand
{
    private static readonly Option<bool> TimeKernels = new("--time-kernels")
    {
        Description = "at the end print each kernel's share of the time, calls, least and mean time",
        Recursive = true,
    };

    public static Command Create() => new("train", "Train a model.")
    {
        TimeKernels,
        TrainVaeCommand.Create(),
        TrainDitarCommand.Create(),
    };

    /// <summary>Guard, with the kernels measured where that was asked for.</summary>
    public static int Guard(ParseResult parsed, Action train)
    {
        if (!parsed.GetValue(TimeKernels))
            return Guard(train);
        var kernels = KernelSet.Default;
        var timed = new TimedKernels(kernels);
        KernelSet.Default = timed;
        try
        {
            return Guard(train);
        }
        finally
        {
            KernelSet.Default = kernels;
            Console.Write(timed.Report());
        }
    }

    /// <summary>Runs a training and turns what the user can act on into a message and an exit code.</summary>
    public static int Guard(Action train)
    {
        try
        {
            train();
            return 0;
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("stopped; the same command goes on from here");
            return 130;
        }
        catch (Exception e) when (e is CorpusException or TrainingException or MalformedFileException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"error: {e.Message}");
            return 1;
        }
    }
}
