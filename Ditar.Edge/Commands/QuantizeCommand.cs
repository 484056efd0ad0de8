// `ditar quantize`: writes a checkpoint whose large matrices are rounded ahead. It loads like any other, with every backend; the engine keeps it as it is stored.

using System.CommandLine;
using System.Globalization;
using System.Text;
using Ditar.Simd;

namespace Ditar.Edge;

internal static class QuantizeCommand
{
    public const string Examples =
        """
          ditar quantize --to int8 -o small/
          ditar say "good morning" --model small/
          ditar quantize --model VoxCPM2 --to int4 -o VoxCPM2-int4
        """;

    public static Command Create()
    {
        var model = new Option<string>("--model", "-m") { Description = "folder of a DiTAR or VoxCPM checkpoint [default: models/ditar-tiny, where it is found]", HelpName = "DIR" };
        var to = new Option<string>("--to") { Description = "bf16, int8, or int4 (language model only, the rest int8)", HelpName = "FORMAT", Required = true };
        var output = new Option<string>("--output", "-o") { Description = "folder to write; it must not be there yet, or be empty", HelpName = "DIR", Required = true };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "no progress" };
        to.AcceptOnlyFromAmong([.. EngineFormats.Names.Where(name => name != "float32")]);
        var command = new Command("quantize", "Round a checkpoint's large matrices to fewer bits and write it as a new one, to be used like the original.") { model, to, output, quiet };
        command.SetAction(parsed => Failures.Guard(() =>
        {
            var (from, folder) = (parsed.GetValue(model) ?? ModelFolder.Find(), parsed.GetValue(output)!);
            using var interrupts = new Interrupts();
            using var progress = new Shares(parsed.GetValue(quiet));
            var written = QuantizedFolder.Write(from, folder, EngineFormats.Named(parsed.GetValue(to)!), progress, interrupts.Token);
            progress.Dispose();
            Console.WriteLine(Report(folder, written));
            return ExitCode.Done;
        }));
        return command;
    }

    private static string Report(string folder, QuantizedModel written)
    {
        var text = new StringBuilder();
        var copied = written.Copied.Sum(file => file.Bytes);
        Line($"{folder}: {written.ModelFile} of {Megabytes(written.BytesAfter)} instead of {Megabytes(written.BytesBefore)}, the folder {Megabytes(written.BytesAfter + copied)} instead of {Megabytes(written.BytesBefore + copied)}");
        foreach (var part in written.Parts.Where(part => part.Kept is null)) Line($"  {part.Name,-18} {Millions(part)}  {part.Tensors} matrices");
        foreach (var part in written.Parts.Where(part => part.Kept is not null)) Line($"  {part.Name,-18} {Millions(part)}  as they were: {part.Kept}");
        Line($"  copied: {string.Join(", ", written.Copied.Select(file => $"{file.Name} ({Megabytes(file.Bytes)})"))}; what makes sound computes in float32");
        return text.ToString().TrimEnd();

        void Line(FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));
    }

    private static string Millions(QuantizedPart part) => string.Create(CultureInfo.InvariantCulture, $"{part.Weights / 1e6,9:0.00} M");

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.00} MB");

    /// <summary>How much is done, on standard error: on a terminal a line that changes, elsewhere a line for every quarter.</summary>
    private sealed class Shares(bool quiet) : IProgress<double>, IDisposable
    {
        private readonly bool terminal = !Console.IsErrorRedirected;
        private int shown;

        public void Report(double value)
        {
            var percent = (int)(100 * value);
            if (quiet || percent < shown + (terminal ? 1 : 25)) return;
            shown = terminal ? percent : percent / 25 * 25;
            if (terminal) Console.Error.Write($"\rrounding: {shown} %  ");
            else Console.Error.WriteLine($"rounding: {shown} %");
        }

        public void Dispose()
        {
            if (shown > 0 && terminal) Console.Error.WriteLine();
            shown = 0;
        }
    }
}
