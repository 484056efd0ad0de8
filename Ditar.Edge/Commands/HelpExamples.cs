// `--help` with examples, and with the exit codes: the library's help, then our own lines.

using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Ditar.Edge;

/// <param name="exitCodes">Printed last.</param>
internal sealed class HelpExamples(HelpAction help, IReadOnlyDictionary<Command, string> examples, string exitCodes) : SynchronousCommandLineAction
{
    /// <summary>Of `ditar`.</summary>
    public const string ExitCodes =
        """
        Exit codes:
          0    done
          1    the input or a file is not what it should be, or cannot be written
          2    wrong command line
          130  stopped by Ctrl-C; what was spoken until then is kept
        """;

    /// <summary>Makes the help of a root command, and of all below it, end in examples.</summary>
    public static void AddTo(RootCommand root, IReadOnlyDictionary<Command, string> examples, string exitCodes = ExitCodes)
    {
        var option = root.Options.OfType<HelpOption>().Single();
        option.Action = new HelpExamples((HelpAction)option.Action!, examples, exitCodes);
    }

    // The printed help is asked for, so it is not an error that there are errors.
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        help.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        if (examples.TryGetValue(parseResult.CommandResult.Command, out var text)) output.WriteLine($"Examples:\n{text}\n");
        output.WriteLine(exitCodes);
        return ExitCode.Done;
    }
}
