// `ditar say` stopped while it speaks: Ctrl-C and a request to terminate keep what was spoken, a kill leaves a file that can be read, and an older file
// is replaced only by sound.

using System.Diagnostics;
using Ditar.Reference.Files;

namespace Ditar.Tests.Edge;

[Collection(EdgeCollection.Name)]
public class InterruptTests(EdgeFolder edge)
{
    // Minutes of speech, from a model that never stops by itself.
    private static readonly string LongText = string.Join(' ', Enumerable.Repeat("Tell me a long story about the sea.", 500));

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public void A_stopped_run_ends_with_130_and_keeps_a_valid_wav_of_what_was_spoken(string signal)
    {
        if (OperatingSystem.IsWindows()) return;
        var folder = edge.Empty();
        var (path, partial) = (Path.Combine(folder, "a.wav"), Path.Combine(folder, "a.wav.partial"));
        File.WriteAllText(path, "older than the run");
        using var ditar = DitarProcess.Start(folder, ["say", "-", "-o", "a.wav", "-m", edge.Endless], LongText, HearSignals);
        ditar.Until(() => File.Exists(partial) && new FileInfo(partial).Length > 44 + 2 * TinyCheckpoint.PatchSamples);
        ditar.Signal(signal);
        var result = ditar.Finish();

        Assert.True(result.ExitCode == 130, $"exit code {result.ExitCode}: {result.Errors}");
        var wav = WavFile.Read(path);
        Assert.Empty(wav.Warnings);
        Assert.True(wav.Frames >= TinyCheckpoint.PatchSamples, $"{wav.Frames} samples");
        Assert.Equal(44 + 2 * wav.Frames, new FileInfo(path).Length);
        Assert.Contains($"cancelled: a.wav holds {wav.Duration.TotalSeconds:0.00} s", result.Errors);
        Assert.DoesNotContain("error", result.Errors);
        Assert.False(File.Exists(partial));
    }

    [Fact]
    public void A_killed_run_leaves_the_older_file_and_a_readable_partial_one()
    {
        if (OperatingSystem.IsWindows()) return;
        var folder = edge.Empty();
        var (path, partial) = (Path.Combine(folder, "a.wav"), Path.Combine(folder, "a.wav.partial"));
        File.WriteAllText(path, "older than the run");
        using var ditar = DitarProcess.Start(folder, ["say", "-", "-o", "a.wav", "-m", edge.Endless], LongText);
        // Two seconds of sound: the header counts the first by then.
        ditar.Until(() => File.Exists(partial) && new FileInfo(partial).Length > 44 + 2 * 2 * 16000);
        ditar.Signal("KILL");
        ditar.Finish();
        Assert.Equal("older than the run", File.ReadAllText(path));
        Assert.True(WavFile.Read(partial).Frames >= 16000);
    }

    [Fact]
    public void A_reader_that_goes_away_ends_the_run_with_an_error()
    {
        if (OperatingSystem.IsWindows()) return;
        var result = DitarProcess.Run(edge.Empty(), ["say", "-", "-o", "-", "-m", edge.Endless], LongText, start =>
        {
            string[] command = [start.FileName, .. start.ArgumentList];
            start.FileName = "/bin/sh";
            start.ArgumentList.Clear();
            foreach (var argument in (string[])["-c", "{ \"$@\"; echo \"exit $?\" >&2; } | head -c 100", "sh", .. command]) start.ArgumentList.Add(argument);
        });
        Assert.Equal(100, result.Output.Length);
        Assert.Contains("error: cannot write to standard output: ", result.Errors);
        Assert.Contains("exit 1", result.Errors);
    }

    // A shell that starts the tests in the background makes them, and whom they start, deaf to SIGINT; GNU's env gives the hearing back.
    private static void HearSignals(ProcessStartInfo start)
    {
        if (!OperatingSystem.IsLinux()) return;
        string[] command = ["--default-signal", start.FileName, .. start.ArgumentList];
        start.FileName = "env";
        start.ArgumentList.Clear();
        foreach (var word in command) start.ArgumentList.Add(word);
    }
}
