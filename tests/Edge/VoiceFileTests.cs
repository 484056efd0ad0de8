// Stored voices: what comes back is what was heard, names cannot lead out of the folder, and files of other models or of vandals are refused.

using Ditar.Edge;
using Ditar.Reference;
using Ditar.Reference.Files;
using Ditar.Reference.VoxCpm;
using Ditar.Tests.Reference.Files;

namespace Ditar.Tests.Edge;

[Collection(EdgeCollection.Name)]
public class VoiceFileTests(EdgeFolder edge)
{
    private static string Two => Path.Combine(AppContext.BaseDirectory, "Goldens", "voxcpm-v2-tiny");

    private static string One => Path.Combine(AppContext.BaseDirectory, "Goldens", "voxcpm-v1-tiny");

    [Fact]
    public void A_stored_voice_speaks_as_the_recordings_it_was_made_of()
    {
        var work = edge.Empty();
        var (reference, prompt) = (Path.Combine(Two, "reference.wav"), Path.Combine(Two, "prompt.wav"));
        string[] heard = ["--reference", reference, "--prompt", prompt, "--prompt-text", "测试一下，"];
        var told = DitarProcess.Run(work, ["voice", "add", "Anna", "--model", Two, "--voices", "voices", .. heard]).RequireDone().Text;
        Assert.Contains("reference of", told, StringComparison.Ordinal);
        Assert.Equal(["Anna.safetensors"], Directory.EnumerateFiles(Path.Combine(work, "voices")).Select(Path.GetFileName));
        string[] say = ["say", "hello", "--model", Two, "--steps", "2", "-o"];
        DitarProcess.Run(work, [.. say, "a.wav", .. heard]).RequireDone();
        DitarProcess.Run(work, [.. say, "b.wav", "--voice", "anna"], change: start => start.Environment["DITAR_VOICES"] = Path.Combine(work, "voices")).RequireDone();
        Assert.Equal(File.ReadAllBytes(Path.Combine(work, "a.wav")), File.ReadAllBytes(Path.Combine(work, "b.wav")));

        Assert.Contains("already", DitarProcess.Run(work, ["voice", "add", "anna", "--model", Two, "--voices", "voices", .. heard]).RequireError(1), StringComparison.Ordinal);
        DitarProcess.Run(work, ["voice", "add", "anna", "--replace", "--model", Two, "--voices", "voices", "--reference", reference]).RequireDone();
        using var json = System.Text.Json.JsonDocument.Parse(DitarProcess.Run(work, ["voice", "list", "--json", "--voices", "voices"]).RequireDone().Text);
        var voice = Assert.Single(json.RootElement.EnumerateArray());
        Assert.Equal(("Anna", 0.0), (voice.GetProperty("name").GetString(), voice.GetProperty("prompt_seconds").GetDouble()));

        Assert.Contains("another model", DitarProcess.Run(work, ["say", "hello", "--model", One, "--voice", "anna", "--voices", "voices"]).RequireError(1), StringComparison.Ordinal);
        Assert.Contains("there are Anna", DitarProcess.Run(work, ["voice", "remove", "ben", "--voices", "voices"]).RequireError(1), StringComparison.Ordinal);
        DitarProcess.Run(work, ["voice", "remove", "ANNA", "--voices", "voices"]).RequireDone();
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(work, "voices")));
        Assert.Contains("no voices in", DitarProcess.Run(work, ["voice", "list", "--voices", "voices"]).RequireDone().Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "no VoxCPM folder", "ann", "--model", "TINY", "--reference", "a.wav")]
    [InlineData(1, "only VoxCPM 2", "ann", "--model", "ONE", "--reference", "ONE/prompt.wav")]
    [InlineData(1, "a.wav", "ann", "--model", "ONE", "--prompt", "a.wav", "--prompt-text", "one")]
    [InlineData(1, "cannot be a voice's name", "../ann", "--model", "ONE", "--prompt", "a.wav", "--prompt-text", "one")]
    [InlineData(2, "--prompt-text", "ann", "--model", "ONE", "--prompt", "a.wav")]
    [InlineData(2, "--reference, or --prompt", "ann", "--model", "ONE")]
    public void What_makes_no_voice_is_refused_and_leaves_nothing(int code, string part, params string[] arguments)
    {
        var work = edge.Empty();
        string[] given = [.. arguments.Select(argument => argument.Replace("ONE", One, StringComparison.Ordinal).Replace("TINY", edge.Model, StringComparison.Ordinal))];
        Assert.Contains(part, DitarProcess.Run(work, ["voice", "add", .. given, "--voices", "voices"]).RequireError(code), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(work));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("/etc/passwd")]
    [InlineData("C:voice")]
    [InlineData("a.safetensors")]
    [InlineData("-rf")]
    [InlineData("con")]
    [InlineData("LPT3")]
    [InlineData("a b")]
    [InlineData("a\0")]
    [InlineData("\ud800")]
    [InlineData("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggg")]
    public void Names_are_files_of_the_folder_and_nothing_else(string name) => Assert.Throws<SpeechException>(() => VoiceFolder.Checked(name));

    [Fact]
    public void Names_are_found_in_any_case()
    {
        var folder = new VoiceFolder(Path.Combine(edge.Empty(), "made when needed"));
        Assert.Empty(folder.Names);
        var stored = Stored("Renée_1");
        folder.Write(stored);
        Assert.True(folder.Contains("renée_1"));
        folder.Write(stored with { Name = "RENÉE_1" });
        Assert.Single(folder.Names);
        folder.Write(Stored("小明"));
        Assert.Equal("小明", folder.Read("小明").Name);
        folder.Remove("RENÉE_1");
        Assert.Equal(["小明"], folder.Names);
    }

    [Fact]
    public void The_usual_place_follows_the_rules_for_user_data()
    {
        if (!OperatingSystem.IsLinux()) return;
        var work = edge.Empty();
        Assert.Contains(Path.Combine(work, "data", "ditar", "voices"), List(("XDG_DATA_HOME", Path.Combine(work, "data")), ("DITAR_VOICES", null)), StringComparison.Ordinal);
        Assert.Contains(Path.Combine(work, ".local", "share", "ditar", "voices"), List(("XDG_DATA_HOME", "relative"), ("DITAR_VOICES", "")), StringComparison.Ordinal);
        Assert.Contains(Path.Combine(work, "mine"), List(("DITAR_VOICES", Path.Combine(work, "mine"))), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(work));

        string List(params (string Name, string? Value)[] variables) => DitarProcess.Run(work, ["voice", "list"], change: start =>
        {
            start.Environment["HOME"] = work;
            foreach (var (name, value) in variables) start.Environment[name] = value;
        }).RequireDone().Text;
    }

    [Theory]
    [InlineData("kind")]
    [InlineData("format")]
    [InlineData("identity")]
    [InlineData("patch_seconds")]
    [InlineData("prompt_text")]
    [InlineData("shape")]
    [InlineData("nan")]
    [InlineData("other")]
    [InlineData("nothing")]
    [InlineData("cut")]
    public void Damaged_files_are_told_and_the_others_still_listed(string damage)
    {
        var work = edge.Empty();
        var folder = new VoiceFolder(work);
        folder.Write(Stored("good"));
        var path = folder.Write(Stored("bad"));
        var writer = new SafetensorsWriter();
        using (var file = SafetensorsFile.Open(path))
        {
            foreach (var (key, value) in file.Metadata)
                if (key != damage) writer.Metadata[key] = value;
        }

        if (damage == "patch_seconds") writer.Metadata[damage] = "NaN";
        float[] values = [1, 2, 3, damage == "nan" ? float.NaN : 4, 5, 6, 7, 8];
        if (damage != "nothing") writer.Add("prompt", damage == "shape" ? [4, 2] : [2, 2, 2], values);
        if (damage == "other") writer.Add("other", [1], new float[1]);
        writer.Save(path);
        if (damage == "cut") File.WriteAllBytes(path, File.ReadAllBytes(path)[..^4]);
        Assert.Throws<CheckpointException>(() => folder.Read("bad"));
        var listed = DitarProcess.Run(work, ["voice", "list", "--voices", work]).RequireDone();
        Assert.StartsWith("good", listed.Text, StringComparison.Ordinal);
        Assert.Contains("note: bad: ", listed.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_speech_tokenizer_is_the_identity()
    {
        using var first = new TemporaryFolder();
        foreach (var file in Directory.EnumerateFiles(Two)) File.Copy(file, first.File(Path.GetFileName(file)));
        var config = VoxCpmConfig.Read(first.File("config.json"));
        var identity = VoiceIdentity.Of(Two, config);
        Assert.Equal(identity, VoiceIdentity.Of(first.Path, config));
        Assert.NotEqual(identity, VoiceIdentity.Of(One, VoxCpmConfig.Read(Path.Combine(One, "config.json"))));
        var weights = VoxCpmCheckpoint.VaeFiles.Select(first.File).First(File.Exists);
        var bytes = File.ReadAllBytes(weights);
        using (var open = VoxCpmCheckpoint.OpenVae(first.Path)) bytes[open.Entries[0].Offset] ^= 1;
        File.Delete(weights);
        File.WriteAllBytes(weights, bytes);
        Assert.NotEqual(identity, VoiceIdentity.Of(first.Path, config));
    }

    private static StoredVoice Stored(string name) =>
        new(name, new VoxCpmVoice("one ", Tensor.From([1f, 2, 3, 4, 5, 6, 7, 8], 2, 2, 2), null), new string('0', 64), "a model", 0.16);
}
