// This very program, started once more with other words: what is measured in a process of its own has memory and a cold start of its own.

using System.Diagnostics;

namespace Ditar.Edge;

internal static class SameProgram
{
    /// <summary>Its standard output is read by who starts it; errors go where this process's go.</summary>
    /// <exception cref="IOException">The program's path is not known.</exception>
    public static ProcessStartInfo With(params IEnumerable<string> words)
    {
        var program = Environment.ProcessPath ?? throw new IOException("the path of this program is not known; it cannot be started for a measurement");
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, UseShellExecute = false };
        // Run as dotnet x.dll, the process is dotnet's, and the first word of the command line is the library.
        if (string.Equals(Path.GetFileNameWithoutExtension(program), "dotnet", StringComparison.OrdinalIgnoreCase)) start.ArgumentList.Add(Path.GetFullPath(Environment.GetCommandLineArgs()[0]));
        foreach (var word in words) start.ArgumentList.Add(word);
        return start;
    }
}
