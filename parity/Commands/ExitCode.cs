// What a command tells the shell.

namespace Ditar.Parity;

internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>A bound broke, or nothing was compared.</summary>
    public const int Broken = 1;

    /// <summary>The command line is wrong, or a file or library is not what it should be.</summary>
    public const int BadInput = 2;

    /// <summary>Stopped by Ctrl-C or a request to terminate.</summary>
    public const int Cancelled = 130;
}
