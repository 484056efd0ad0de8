// What the command tells the shell.

namespace Ditar.Edge;

internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>The input or a file is not what it should be, or cannot be written.</summary>
    public const int BadInput = 1;

    /// <summary>The command line itself is wrong.</summary>
    public const int Usage = 2;

    /// <summary>Stopped by Ctrl-C or a request to terminate: 128 + the number of SIGINT, as shells say it.</summary>
    public const int Cancelled = 130;
}
