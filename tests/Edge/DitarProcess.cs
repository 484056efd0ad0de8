// Runs `ditar` as its users do: as a process with arguments, streams and an exit code.

using System.Diagnostics;
using System.Text;

namespace Ditar.Tests.Edge;

internal sealed record DitarResult(int ExitCode, byte[] Output, string Errors)
{
    public string Text => Encoding.UTF8.GetString(Output);

    /// <summary>Failed with one line that begins with "error: "; notes before it are allowed.</summary>
    public string RequireError(int exitCode)
    {
        Assert.True(exitCode == ExitCode, $"exit code {ExitCode}: {Errors}");
        var lines = Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith("note: ", StringComparison.Ordinal)).ToList();
        Assert.StartsWith("error: ", lines[0]);
        Assert.DoesNotContain("   at ", Errors);
        if (exitCode == 1) Assert.Single(lines);
        return lines[0];
    }

    /// <summary>Failed after it had begun to speak.</summary>
    public void RequireOneErrorAmongProgress()
    {
        Assert.True(ExitCode == 1, $"exit code {ExitCode}: {Errors}");
        Assert.Single(Errors.Split('\n'), line => line.StartsWith("error: ", StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", Errors);
    }

    public DitarResult RequireDone()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode}: {Errors}");
        return this;
    }
}

internal sealed class DitarProcess : IDisposable
{
    // Far beyond what any test takes, even on a machine that is busy training.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Process process;
    private readonly Task<byte[]> output;
    private readonly Task<string> errors;

    private DitarProcess(Process process)
    {
        this.process = process;
        output = Task.Run(() =>
        {
            using var all = new MemoryStream();
            process.StandardOutput.BaseStream.CopyTo(all);
            return all.ToArray();
        });
        errors = process.StandardError.ReadToEndAsync();
    }

    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "ditar.dll");

    public static string Host { get; } = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    public int Id => process.Id;

    /// <summary>Runs to the end.</summary>
    public static DitarResult Run(string folder, string[] arguments, string input = "", Action<ProcessStartInfo>? change = null)
    {
        using var ditar = Start(folder, arguments, input, change);
        return ditar.Finish();
    }

    public static DitarProcess Start(string folder, string[] arguments, string input = "", Action<ProcessStartInfo>? change = null)
    {
        var start = new ProcessStartInfo(Host)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardErrorEncoding = Encoding.UTF8,
        };
        start.ArgumentList.Add(Program);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        change?.Invoke(start);
        var process = Process.Start(start)!;
        var ditar = new DitarProcess(process);
        using (var stdin = process.StandardInput) stdin.BaseStream.Write(Encoding.UTF8.GetBytes(input));
        return ditar;
    }

    /// <param name="name">INT, TERM or KILL.</param>
    public void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{Id}"]);
        kill.WaitForExit();
    }

    /// <summary>Waits until a condition holds; fails when the process ends before.</summary>
    public void Until(Func<bool> holds)
    {
        var clock = Stopwatch.StartNew();
        while (!holds())
        {
            Assert.False(process.HasExited, process.HasExited ? $"ended too early: {errors.Result}" : "");
            Assert.True(clock.Elapsed < Patience, "waited in vain");
            Thread.Sleep(5);
        }
    }

    public DitarResult Finish()
    {
        Assert.True(process.WaitForExit(Patience), "the process did not end");
        return new DitarResult(process.ExitCode, output.Result, errors.Result);
    }

    public void Dispose()
    {
        if (!process.HasExited) process.Kill();
        process.Dispose();
    }
}
