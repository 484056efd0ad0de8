// Plays sound through a program that is already there: aplay (ALSA) or ffplay (FFmpeg) are fed while speech is made, afplay (macOS) plays the
// finished file. Nothing depends on it: a player that fails is a notice, and the file is written all the same.

using System.ComponentModel;
using System.Diagnostics;

namespace Ditar.Edge;

internal sealed class Player : IDisposable
{
    private readonly string program;
    private readonly Action<string> notice;
    private Process? process;
    private PcmSink? pipe;

    private Player(string program, Action<string> notice)
    {
        this.program = program;
        this.notice = notice;
    }

    /// <returns>Null, after saying so, when there is no player.</returns>
    public static Player? Start(int sampleRate, Action<string> notice)
    {
        string[][] streaming =
        [
            ["aplay", "-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", $"{sampleRate}", "-"],
            ["ffplay", "-nodisp", "-autoexit", "-loglevel", "error", "-f", "s16le", "-ar", $"{sampleRate}", "-i", "-"],
        ];
        foreach (var command in streaming)
        {
            if (!OnPath(command[0])) continue;
            var player = new Player(command[0], notice);
            player.Run(command, feed: true);
            return player;
        }

        if (OnPath("afplay")) return new Player("afplay", notice);
        notice("no player found (aplay, ffplay or afplay); the sound is not played");
        return null;
    }

    public void Append(ReadOnlySpan<float> samples)
    {
        if (pipe is null) return;
        try
        {
            pipe.Append(samples);
        }
        catch (IOException)
        {
            // It has ended; Finish tells how.
            pipe = null;
        }
    }

    /// <summary>Waits until everything is heard.</summary>
    /// <param name="file">The finished WAV, for players that take no stream.</param>
    public void Finish(string file, CancellationToken cancellation)
    {
        if (process is null) Run([program, file], feed: false);
        if (process is null) return;
        try
        {
            if (process.StartInfo.RedirectStandardInput) process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended before it heard everything.
        }

        using var registration = cancellation.Register(Stop);
        process.WaitForExit();
        if (process.ExitCode != 0 && !cancellation.IsCancellationRequested) notice($"{program} ended with code {process.ExitCode}; the sound was not played to its end");
        process.Dispose();
        process = null;
    }

    public void Dispose()
    {
        Stop();
        process?.Dispose();
        process = null;
    }

    private void Stop()
    {
        try
        {
            process?.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    private void Run(string[] command, bool feed)
    {
        var start = new ProcessStartInfo(command[0]) { RedirectStandardInput = feed, UseShellExecute = false };
        foreach (var argument in command[1..]) start.ArgumentList.Add(argument);
        try
        {
            process = Process.Start(start);
            if (feed && process is not null) pipe = new PcmSink(program, process.StandardInput.BaseStream);
        }
        catch (Win32Exception error)
        {
            notice($"{program} could not be started ({error.Message}); the sound is not played");
        }
    }

    private static bool OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Any(folder => File.Exists(Path.Combine(folder, program)) || File.Exists(Path.Combine(folder, program + ".exe")));
}
