// Every failure that a user can cause or meet becomes one line "error: ..." and an exit code. Anything else is a fault of the program and may crash.

using System.CommandLine;
using Ditar.Onnx;
using Ditar.Reference.Files;

namespace Ditar.Edge;

internal static class Failures
{
    public static int Guard(Func<int> run)
    {
        try
        {
            return run();
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("cancelled");
            return ExitCode.Cancelled;
        }
        catch (Exception fault) when (fault is SpeechException or OnnxException or MalformedFileException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            Console.Error.WriteLine($"error: {OneLine(fault.Message)}");
            return ExitCode.BadInput;
        }
    }

    /// <summary>The command line is wrong.</summary>
    /// <param name="program">Whose.</param>
    public static int Usage(string message, Command command, string program = "ditar")
    {
        Console.Error.WriteLine($"error: {message.ReplaceLineEndings(" ")}");
        Console.Error.WriteLine($"'{(command is RootCommand ? program : $"{program} {command.Name}")} --help' shows how it is used.");
        return ExitCode.Usage;
    }

    // Argument exceptions end in the parameter's name, which means nothing to a user.
    private static string OneLine(string message)
    {
        var parameter = message.IndexOf(" (Parameter '", StringComparison.Ordinal);
        return (parameter < 0 ? message : message[..parameter]).ReplaceLineEndings(" ").TrimEnd('.', ' ');
    }
}
