// Runs a command: its failures become one line "error: ..." and an exit code, Ctrl-C and a request to terminate become a cancellation that is obeyed at the
// next call or patch; a second one ends the program at once.

using System.Runtime.InteropServices;
using Ditar.Onnx;
using Ditar.Parity.Export;
using Ditar.Reference.Files;

namespace Ditar.Parity;

internal static class Guard
{
    public static int Run(Func<CancellationToken, int> command)
    {
        using var source = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Obey);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Obey);
        try
        {
            return command(source.Token);
        }
        catch (OperationCanceledException) when (source.IsCancellationRequested)
        {
            Console.Error.WriteLine("cancelled");
            return ExitCode.Cancelled;
        }
        catch (OnnxException fault)
        {
            // 1 rather than 2: nothing is wrong with what was typed, and a parity check that could not run has not passed.
            Console.Error.WriteLine($"error: {OneLine(fault.Message)}");
            return ExitCode.Broken;
        }
        catch (Exception fault) when (fault is ExportException or MalformedFileException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            Console.Error.WriteLine($"error: {OneLine(fault.Message)}");
            return ExitCode.BadInput;
        }

        void Obey(PosixSignalContext signal)
        {
            if (source.IsCancellationRequested) return;
            signal.Cancel = true;
            source.Cancel();
        }
    }

    // Argument exceptions end in the parameter's name, which means nothing to a user.
    private static string OneLine(string message)
    {
        var parameter = message.IndexOf(" (Parameter '", StringComparison.Ordinal);
        return (parameter < 0 ? message : message[..parameter]).ReplaceLineEndings(" ");
    }
}
