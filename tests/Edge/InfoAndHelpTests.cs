// `ditar info` and `--help`.

using System.Text.Json;

namespace Ditar.Tests.Edge;

[Collection(EdgeCollection.Name)]
public class InfoAndHelpTests(EdgeFolder edge)
{
    [Fact]
    public void Info_tells_sizes_voices_and_defaults()
    {
        var text = DitarProcess.Run(edge.Empty(), ["info", "--model", edge.Model]).RequireDone().Text;
        foreach (var part in (string[])["16000 Hz", "40 latents", "100 ms", "2 steps", "language model", "2 layers, width 16", "model.safetensors", "F32", "ann", "\"where is my cup\"", "0.3 s", "(default)"])
            Assert.Contains(part, text);
    }

    [Fact]
    public void Info_as_json_counts_what_the_files_hold()
    {
        using var json = JsonDocument.Parse(DitarProcess.Run(edge.Empty(), ["info", "--json", "-m", edge.Model]).RequireDone().Text);
        var root = json.RootElement;
        Assert.Equal(Directory.EnumerateFiles(edge.Model).Sum(file => new FileInfo(file).Length), root.GetProperty("bytes").GetInt64());
        var numbers = root.GetProperty("files").EnumerateArray().Where(file => file.GetProperty("name").GetString() is "model.safetensors" or "vae.safetensors")
            .Sum(file => file.GetProperty("types").GetProperty("F32").GetInt64());
        Assert.Equal(numbers, root.GetProperty("parameters").GetInt64());
        // The modules hold all but the statistics of the latents (mean and deviation).
        var modules = root.GetProperty("modules").EnumerateArray().Sum(module => module.GetProperty("parameters").GetInt64());
        Assert.Equal(numbers - 2 * TinyCheckpoint.Model.LatentDim, modules);
        Assert.All(root.GetProperty("modules").EnumerateArray(), module => Assert.True(module.GetProperty("parameters").GetInt64() > 0));
        Assert.Equal(["ann", "bob"], root.GetProperty("voices").EnumerateArray().Select(voice => voice.GetProperty("name").GetString()));
        Assert.Equal(4, root.GetProperty("model").GetProperty("patch_size").GetInt32());
    }

    [Fact]
    public void Info_about_nothing_is_an_error() =>
        Assert.Contains("config.json", DitarProcess.Run(edge.Empty(), ["info", "-m", "nowhere"]).RequireError(1));

    [Theory]
    [InlineData("--help", "say", "info", "ditar say \"seven three nine, open the door\" -o hello.wav")]
    [InlineData("say --help", "--prompt-text", "--plot", "ditar say --file story.txt", "130")]
    [InlineData("info -h", "--json", "ditar info --model models/ditar-tiny", "130")]
    public void Help_shows_examples_and_exit_codes(string arguments, params string[] parts)
    {
        var result = DitarProcess.Run(edge.Empty(), arguments.Split(' ')).RequireDone();
        Assert.Equal("", result.Errors);
        foreach (var part in parts) Assert.Contains(part, result.Text);
        Assert.Contains("Examples:", result.Text);
        Assert.Contains("Exit codes:", result.Text);
    }
}
