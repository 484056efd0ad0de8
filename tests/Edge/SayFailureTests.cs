// `ditar say` when something is wrong: one line that names it, the right exit code, nothing half written, nothing lost.

using Ditar.Reference.Files;
using Ditar.Reference.Speech;

namespace Ditar.Tests.Edge;

[Collection(EdgeCollection.Name)]
public class SayFailureTests(EdgeFolder edge)
{
    public static TheoryData<string, string> UsageErrors() => new()
    {
        { "say hello --steps 0", "--steps must be 1 to 1000, found 0" },
        { "say hello --temperature 1.5", "--temperature must be 0 to 1, found 1.5" },
        { "say hello --guidance nan", "--guidance" },
        { "say hello --steps many", "'many' for option '--steps' as a whole number" },
        { "say hello --seed -1", "'-1' for option '--seed' as a whole number" },
        { "say -5 degrees", "Put -- before" },
        { "say hello --prompt me.wav", "--prompt-text" },
        { "say hello --voice ann --prompt me.wav --prompt-text one", "not both" },
        { "say hello --file text.txt", "not both" },
        { "say hello --play -o -", "exclude" },
        { "say hello --loud", "--loud" },
        { "shout hello", "shout" },
    };

    [Theory]
    [MemberData(nameof(UsageErrors))]
    public void A_wrong_command_line_ends_with_2(string commandLine, string told)
    {
        var folder = edge.Empty();
        Assert.Contains(told, DitarProcess.Run(folder, commandLine.Split(' ')).RequireError(2));
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
    }

    [Fact]
    public void Texts_that_cannot_be_spoken_are_refused()
    {
        foreach (var (text, told) in new[] { ("", "is empty"), (" \n\t", "is empty"), ("漢字 ☃", "no word"), ("...", "no word"), (new string('a', 20_001), "20000") })
        {
            var folder = edge.Empty();
            Assert.Contains(told, DitarProcess.Run(folder, ["say", "-", "-o", "a.wav", "-m", edge.Model], text).RequireError(1));
            Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
        }
    }

    [Fact]
    public void An_unknown_voice_is_refused_with_the_ones_there_are()
    {
        var line = DitarProcess.Run(edge.Empty(), ["say", "hello", "-v", "eve", "-o", "-", "-m", edge.Model]).RequireError(1);
        Assert.Contains("'eve'", line);
        Assert.Contains("ann, bob", line);
    }

    [Fact]
    public void Outputs_that_cannot_be_written_are_refused_before_anything_is_spoken()
    {
        var folder = edge.Empty();
        var sub = Directory.CreateDirectory(Path.Combine(folder, "sub"));
        Assert.Contains("there is no folder", Fail("nowhere/a.wav"));
        Assert.Contains("it is a folder", Fail("sub"));
        Assert.Contains("there is no folder", Fail("a.wav", "--plot", "nowhere/a.svg"));
        Assert.Equal([sub.FullName], Directory.EnumerateFileSystemEntries(folder));

        string Fail(string output, params string[] more) =>
            DitarProcess.Run(folder, ["say", "hello", "-o", output, .. more, "-m", edge.Model]).RequireError(1);
    }

    [Fact]
    public void A_full_device_is_an_error_and_the_device_stays()
    {
        if (!File.Exists("/dev/full")) return;
        Assert.Contains("No space left", DitarProcess.Run(edge.Empty(), ["say", "hello", "-o", "/dev/full", "-m", edge.Model]).RequireError(1));
        Assert.True(File.Exists("/dev/full"));
        Assert.False(File.Exists("/dev/full.partial"));
    }

    [Fact]
    public void A_disk_that_fills_up_while_speaking_leaves_the_old_file_and_nothing_else()
    {
        if (!OperatingSystem.IsLinux()) return;
        var folder = edge.Empty();
        var old = WriteOld(folder);
        // The shell's limit on file sizes stands in for the end of the disk (the runtime's own memory files need the switch).
        var result = DitarProcess.Run(folder, ["say", string.Join(' ', Enumerable.Repeat("Hello there.", 40)), "-o", "a.wav", "-m", edge.Endless], change: start =>
        {
            string[] command = [start.FileName, .. start.ArgumentList];
            start.FileName = "/bin/sh";
            start.ArgumentList.Clear();
            foreach (var argument in (string[])["-c", "ulimit -f 64; trap '' XFSZ; exec \"$@\"", "sh", .. command]) start.ArgumentList.Add(argument);
            start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        });
        result.RequireOneErrorAmongProgress();
        Assert.Equal(old, File.ReadAllBytes(Path.Combine(folder, "a.wav")));
        Assert.Equal(["a.wav"], Directory.EnumerateFiles(folder).Select(Path.GetFileName));
    }

    [Fact]
    public void Sound_that_is_not_a_number_is_an_error_that_leaves_the_old_file()
    {
        // Finite weights pass every check of the file; what they compute need not be finite.
        var broken = TinyCheckpoint.Write(Path.Combine(edge.Empty(), "model"), change: (name, shape, values) =>
            (shape, name == "latent_deviation" ? [.. values.Select(_ => 3e38f)] : values));
        var folder = edge.Empty();
        var old = WriteOld(folder);
        File.WriteAllBytes(Path.Combine(folder, "empty.wav"), []);
        foreach (var output in new[] { "a.wav", "empty.wav", "new.wav" })
            Assert.Contains("not a number", DitarProcess.Run(folder, ["say", "hello", "-o", output, "-m", broken]).RequireError(1));
        Assert.Equal(old, File.ReadAllBytes(Path.Combine(folder, "a.wav")));
        Assert.Equal(0, new FileInfo(Path.Combine(folder, "empty.wav")).Length);
        Assert.Equal(["a.wav", "empty.wav"], Directory.EnumerateFiles(folder).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void A_missing_model_is_an_error_that_says_where_it_looked()
    {
        Assert.Contains("config.json", DitarProcess.Run(edge.Empty(), ["say", "hello", "-m", "nowhere"]).RequireError(1));
        foreach (var file in new[] { DitarCheckpoint.TokenizerFile, DitarCheckpoint.ModelFile, DitarCheckpoint.VaeFile, DitarCheckpoint.VoicesFile })
        {
            var model = TinyCheckpoint.Write(Path.Combine(edge.Empty(), "model"));
            File.Delete(Path.Combine(model, file));
            Assert.Contains(file, DitarProcess.Run(edge.Empty(), ["say", "hello", "-m", model]).RequireError(1));
        }
    }

    public static TheoryData<string, string[]> Damages() => new()
    {
        { "shape", ["diffusion.", "expected shape [", "found ["] },
        { "nan", ["language_model.stop.weight", "finite", "NaN"] },
        { "cut", [DitarCheckpoint.ModelFile] },
        { "key", [DitarCheckpoint.ConfigFile, "surprise"] },
        { "absurd", [DitarCheckpoint.ConfigFile, "layers"] },
        { "other", [DitarCheckpoint.ModelFile] },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public void A_damaged_checkpoint_is_refused_with_file_and_tensor(string damage, string[] told)
    {
        var changed = false;
        var model = TinyCheckpoint.Write(Path.Combine(edge.Empty(), "model"), change: (name, shape, values) =>
        {
            if (damage == "nan" && name == "language_model.stop.weight") values[3] = float.NaN;
            if (damage == "shape" && !changed && name.StartsWith("diffusion.", StringComparison.Ordinal) && shape.Length == 2)
            {
                changed = true;
                (shape[0], shape[1]) = (shape[1] * shape[0], 1);
            }

            return (shape, values);
        });
        var (weights, config) = (Path.Combine(model, DitarCheckpoint.ModelFile), Path.Combine(model, DitarCheckpoint.ConfigFile));
        if (damage == "cut") File.WriteAllBytes(weights, File.ReadAllBytes(weights)[..^100]);
        if (damage == "other") File.Copy(Path.Combine(model, DitarCheckpoint.VaeFile), weights, overwrite: true);
        if (damage == "key") File.WriteAllText(config, "{ \"surprise\": 1," + File.ReadAllText(config)[1..]);
        if (damage == "absurd") File.WriteAllText(config, File.ReadAllText(config).Replace("\"layers\": 2", "\"layers\": 2000000000", StringComparison.Ordinal));
        var folder = edge.Empty();
        var line = DitarProcess.Run(folder, ["say", "hello", "-o", "a.wav", "-m", model]).RequireError(1);
        foreach (var part in told) Assert.Contains(part, line);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
    }

    [Fact]
    public void Recordings_that_lie_are_read_with_a_note_and_those_that_are_none_are_refused()
    {
        var folder = edge.Empty();
        var sound = new float[16000];
        for (var i = 0; i < sound.Length; i++) sound[i] = 0.2f * MathF.Sin(i * 0.05f);
        var path = Path.Combine(folder, "me.wav");
        WavWriter.Write(path, sound, 16000);
        var bytes = File.ReadAllBytes(path);
        BitConverter.TryWriteBytes(bytes.AsSpan(40), 2_000_000_000);
        File.WriteAllBytes(path, bytes);
        Assert.Contains("2000000000", Prompted(path).RequireDone().Errors);

        File.WriteAllText(path, "this is no sound at all");
        Assert.Contains("me.wav", Prompted(path).RequireError(1));
        WavWriter.Write(path, new float[16000], 16000);
        Assert.Contains("silent", Prompted(path).RequireError(1));
        WavWriter.Write(path, sound.AsSpan(0, 1000), 16000);
        Assert.Contains("at least", Prompted(path).RequireError(1));
        WavWriter.Write(path, new float[16000 * 40], 16000);
        Assert.Contains("at most", Prompted(path).RequireError(1));
        File.Delete(path);
        Assert.Contains("me.wav", Prompted(path).RequireError(1));

        DitarResult Prompted(string prompt) =>
            DitarProcess.Run(folder, ["say", "hello", "-o", "-", "--prompt", prompt, "--prompt-text", "one two", "-m", edge.Model]);
    }

    private static byte[] WriteOld(string folder)
    {
        var path = Path.Combine(folder, "a.wav");
        WavWriter.Write(path, [0.1f, 0.2f, 0.3f], 16000);
        return File.ReadAllBytes(path);
    }
}
