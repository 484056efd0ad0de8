// `ditar say` when all is well.

using System.Diagnostics;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Ditar.Reference.Files;

namespace Ditar.Tests.Edge;

[Collection(EdgeCollection.Name)]
public class SayTests(EdgeFolder edge)
{
    [Fact]
    public void A_text_becomes_a_wav_file_of_whole_patches_and_the_last_line_tells_about_it()
    {
        var folder = edge.Empty();
        var result = DitarProcess.Run(folder, ["say", "seven three nine,", "open the door", "-o", "hello.wav", "-m", edge.Model]).RequireDone();

        var wav = WavFile.Read(Path.Combine(folder, "hello.wav"));
        Assert.Empty(wav.Warnings);
        Assert.Equal((16000, 1), (wav.SampleRate, wav.Channels));
        Assert.True(wav.Frames > 0 && wav.Frames % TinyCheckpoint.PatchSamples == 0, $"{wav.Frames} samples");
        Assert.Contains(wav.Samples, sample => Math.Abs(sample) > 0.001);
        Assert.Empty(result.Output);
        var last = result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1];
        Assert.Matches(@"^hello\.wav: \d+\.\d\d s of speech in \d+\.\d\d s \(real-time factor \d+\.\d\d\), first sound after \d+\.\d\d s, .*; simd engine, float32 weights of \d+\.\d MB, \d+-bit vectors, \d+ thread", last);
        Assert.Equal(["hello.wav"], Directory.EnumerateFiles(folder).Select(Path.GetFileName));
    }

    [Fact]
    public void Standard_input_file_and_arguments_give_the_same_samples_on_any_number_of_threads()
    {
        var folder = edge.Empty();
        const string Text = "it is ten thirty";
        File.WriteAllText(Path.Combine(folder, "text.txt"), Text);
        string[] common = ["-o", "-", "--seed", "7", "-m", edge.Model];
        var spoken = DitarProcess.Run(folder, ["say", Text, .. common]).RequireDone().Output;
        Assert.NotEmpty(spoken);
        Assert.Equal(0, spoken.Length % (2 * TinyCheckpoint.PatchSamples));
        Assert.Equal(spoken, DitarProcess.Run(folder, ["say", "--threads", "1", .. common], Text).RequireDone().Output);
        Assert.Equal(spoken, DitarProcess.Run(folder, ["say", "-", "--threads", "2", .. common], Text).RequireDone().Output);
        Assert.Equal(spoken, DitarProcess.Run(folder, ["say", "--file", "text.txt", .. common]).RequireDone().Output);
        Assert.NotEqual(spoken, DitarProcess.Run(folder, ["say", Text, "-o", "-", "--seed", "8", "-m", edge.Model]).RequireDone().Output);
        Assert.NotEqual(spoken, DitarProcess.Run(folder, ["say", Text, "--voice", "BOB", .. common]).RequireDone().Output);
        Assert.Equal(["text.txt"], Directory.EnumerateFiles(folder).Select(Path.GetFileName));
    }

    [Fact]
    public void Without_an_output_a_free_name_is_chosen_and_told()
    {
        var folder = edge.Empty();
        File.WriteAllText(Path.Combine(folder, "speech.wav"), "mine");
        var result = DitarProcess.Run(folder, ["say", "hello", "--quiet", "-m", edge.Model]).RequireDone();
        Assert.Equal("speech-2.wav", result.Text.Trim());
        Assert.Equal("", result.Errors);
        Assert.Equal("mine", File.ReadAllText(Path.Combine(folder, "speech.wav")));
        Assert.True(WavFile.Read(Path.Combine(folder, "speech-2.wav")).Frames > 0);
    }

    [Fact]
    public void A_link_is_written_through_and_an_empty_file_in_place()
    {
        if (OperatingSystem.IsWindows()) return;
        var folder = edge.Empty();
        File.WriteAllText(Path.Combine(folder, "target.wav"), "older");
        File.CreateSymbolicLink(Path.Combine(folder, "link.wav"), "target.wav");
        File.WriteAllBytes(Path.Combine(folder, "empty.wav"), []);
        foreach (var output in new[] { "link.wav", "empty.wav" }) DitarProcess.Run(folder, ["say", "hello", "-o", output, "-m", edge.Model]).RequireDone();
        Assert.Equal("target.wav", new FileInfo(Path.Combine(folder, "link.wav")).LinkTarget);
        Assert.Equal(File.ReadAllBytes(Path.Combine(folder, "empty.wav")), File.ReadAllBytes(Path.Combine(folder, "target.wav")));
        Assert.True(WavFile.Read(Path.Combine(folder, "target.wav")).Frames > 0);
        Assert.Equal(["empty.wav", "link.wav", "target.wav"], Directory.EnumerateFiles(folder).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void A_text_of_several_sentences_is_spoken_one_after_the_other_with_pauses()
    {
        var folder = edge.Empty();
        var result = DitarProcess.Run(folder, ["say", "Hello there. Open the door! Thank you.", "-o", "three.wav", "-m", edge.Model]).RequireDone();
        Assert.Contains("utterance 3 of 3", result.Errors);
        var wav = WavFile.Read(Path.Combine(folder, "three.wav"));
        var patches = int.Parse(Regex.Match(result.Errors, @"utterance 3 of 3, (\d+) patches").Groups[1].Value);
        Assert.Equal(patches * TinyCheckpoint.PatchSamples + 2 * 4000, wav.Frames);
        Assert.Equal(2, RunsOfSilence(wav.Samples, 4000));
    }

    [Fact]
    public void Characters_outside_the_vocabulary_are_named_and_the_rest_is_spoken()
    {
        var result = DitarProcess.Run(edge.Empty(), ["say", "café 漢漢 ok", "-o", "-", "-m", edge.Model]).RequireDone();
        Assert.NotEmpty(result.Output);
        Assert.Contains("'é' (U+00E9) was read as 'e'", result.Errors);
        Assert.Contains("'漢' (U+6F22) was left out (2 times)", result.Errors);
    }

    [Fact]
    public void An_utterance_without_end_is_stopped_and_reported()
    {
        var result = DitarProcess.Run(edge.Empty(), ["say", "hello", "-o", "-", "-m", edge.Endless]).RequireDone();
        Assert.Contains("note: \"hello\" ran to the limit of 14 patches", result.Errors);
        Assert.Equal(14 * TinyCheckpoint.PatchSamples * 2, result.Output.Length);
    }

    [Fact]
    public void A_stereo_recording_at_another_rate_becomes_the_voice_and_all_that_was_done_is_said()
    {
        var folder = edge.Empty();
        var tone = new float[2 * 44100];
        for (var i = 0; i < tone.Length; i++) tone[i] = i < 4410 * 2 ? 0 : 0.3f * MathF.Sin(i / 2 * 0.03f);
        WavWriter.Write(Path.Combine(folder, "me.wav"), tone, 44100, 2);
        string[] common = ["say", "hello", "-o", "-", "-m", edge.Model];
        var result = DitarProcess.Run(folder, [.. common, "--prompt", "me.wav", "--prompt-text", "One!"]).RequireDone();
        Assert.Contains("2 channels mixed to one", result.Errors);
        Assert.Contains("resampled from 44100 to 16000 Hz", result.Errors);
        Assert.Contains("of silence at its ends cut off", result.Errors);
        Assert.Contains("added to fill 10 patches", result.Errors);
        Assert.NotEqual(DitarProcess.Run(folder, common).RequireDone().Output, result.Output);
    }

    [Fact]
    public void The_plot_is_drawn()
    {
        var folder = edge.Empty();
        DitarProcess.Run(folder, ["say", "open the door", "-o", "a.wav", "--plot", "a.svg", "-m", edge.Model]).RequireDone();
        Assert.Equal("svg", XDocument.Load(Path.Combine(folder, "a.svg")).Root!.Name.LocalName);
    }

    [Fact]
    public void Playing_feeds_the_player_what_the_file_gets_and_its_failure_is_only_a_note()
    {
        if (OperatingSystem.IsWindows()) return;
        var folder = edge.Empty();
        var bin = Directory.CreateDirectory(Path.Combine(folder, "bin")).FullName;
        void Player(string script)
        {
            var path = Path.Combine(bin, "aplay");
            File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        }

        void Path_(ProcessStartInfo start) => start.Environment["PATH"] = $"{bin}:{start.Environment["PATH"]}";
        string[] arguments = ["say", "open the door", "-o", "a.wav", "--play", "-m", edge.Model];
        Player("cat > heard.pcm");
        DitarProcess.Run(folder, arguments, change: Path_).RequireDone();
        Assert.Equal(File.ReadAllBytes(Path.Combine(folder, "a.wav"))[44..], File.ReadAllBytes(Path.Combine(folder, "heard.pcm")));

        Player("exit 3");
        var result = DitarProcess.Run(folder, arguments, change: Path_).RequireDone();
        Assert.Contains("note: aplay ended with code 3", result.Errors);
    }

    private static int RunsOfSilence(float[] samples, int length)
    {
        var (runs, zeros) = (0, 0);
        foreach (var sample in samples)
        {
            zeros = sample == 0 ? zeros + 1 : 0;
            if (zeros == length) runs++;
        }

        return runs;
    }
}
