// `ditar quantize`: writes a checkpoint whose large matrices are rounded ahead. It loads like any other, with every backend; the engine keeps it as it is stored.

using System.CommandLine;
using Ditar.Reference.Speech;
using Ditar.Simd;

namespace Ditar.Edge;

internal static class QuantizeCommand
{
    public const string Examples =
        """
          ditar quantize --to int8 -o small/
          ditar say "good morning" --model small/
        """;

    public static Command Create()
    {
        var model = new Option<string>("--model", "-m") { Description = "folder of the checkpoint [default: models/ditar-tiny, where it is found]", HelpName = "DIR" };
        var to = new Option<string>("--to") { Description = "bf16, int8, or int4 (language model only, the rest int8)", HelpName = "FORMAT", Required = true };
        var output = new Option<string>("--output", "-o") { Description = "folder to write; it must not hold a checkpoint yet", HelpName = "DIR", Required = true };
        to.AcceptOnlyFromAmong([.. EngineFormats.Names.Where(name => name != "float32")]);
        var command = new Command("quantize", "Round a checkpoint's large matrices to fewer bits and write it as a new one.") { model, to, output };
        command.SetAction(parsed => Failures.Guard(() =>
        {
            var from = parsed.GetValue(model) ?? ModelFolder.Find();
            var folder = parsed.GetValue(output)!;
            QuantizedFolder.Write(from, folder, EngineFormats.Named(parsed.GetValue(to)!));
            Console.WriteLine($"{folder}: {Megabytes(folder)} instead of {Megabytes(from)}");
            return ExitCode.Done;
        }));
        return command;
    }

    private static string Megabytes(string folder) => FormattableString.Invariant($"{new FileInfo(Path.Combine(folder, DitarCheckpoint.ModelFile)).Length / 1e6:0.00} MB");
}
