// `ditar-learn train`: one subcommand for each thing that is trained, and the one way in which they fail.

using System.CommandLine;
using Ditar.Reference.Files;

namespace Ditar.Learn;

internal static class TrainCommand
{
    public static Command Create() => new("train", "Train a model.")
    {
        TrainVaeCommand.Create(),
        TrainDitarCommand.Create(),
    };

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
