// Recordings written, read back, damaged.

using Ditar.Parity;
using Ditar.Reference.Files;
using Ditar.Tests.Reference.Files;

namespace Ditar.Tests.Parity;

public sealed class RecordingFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void What_was_written_is_read_back()
    {
        var path = Written(Fake.Truth());
        var (expected, found) = (Fake.Truth(), RecordingFile.Read(path));
        Assert.Equal(expected.Engine, found.Engine);
        Assert.Equal(expected.Machine, found.Machine);
        Assert.Equal(expected.Model, found.Model);
        Assert.Equal((expected.Seed, expected.Date), (found.Seed, found.Date));
        Assert.Equal(expected.Inputs.Select(tensor => tensor.Name), found.Inputs.Select(tensor => tensor.Name));
        Assert.Equal(expected.Outputs.Select(tensor => tensor.Name), found.Outputs.Select(tensor => tensor.Name));
        Assert.All(expected.Outputs.Zip(found.Outputs), pair => Assert.True(pair.First.SameAs(pair.Second)));
        Assert.True(Comparison.Of([found, Fake.Run(EngineKind.Ours)]).Holds);
    }

    [Fact]
    public void Order_and_symbols_survive_mixed_types()
    {
        var truth = Fake.Truth();
        var mixed = truth with { Inputs = [Fake.Float32(Fake.Float64("a/b/c")), RecordedTensor.Symbols("a/b/symbols", [3, 1]), Fake.Float64("a/b/a")] };
        var found = RecordingFile.Read(Written(mixed));
        Assert.Equal(["a/b/c", "a/b/symbols", "a/b/a"], found.Inputs.Select(tensor => tensor.Name));
        Assert.Equal([3, 1], found.Inputs[1].ToSymbols());
    }

    [Theory]
    [InlineData("format", "other/1")]
    [InlineData("kind", "Magic")]
    [InlineData("kind", "17")]
    [InlineData("seed", "-1")]
    [InlineData("threads", "99999999999")]
    [InlineData("date", "yesterday")]
    [InlineData("weights", null)]
    [InlineData("engine", "clear \u001b[2J")]
    public void Bad_metadata_is_refused_by_key(string key, string? value)
    {
        var writer = new SafetensorsWriter();
        using (var good = SafetensorsFile.Open(Written(Fake.Truth())))
            foreach (var (name, text) in good.Metadata) writer.Metadata[name] = text;
        if (value is null) writer.Metadata.Remove(key);
        else writer.Metadata[key] = value;
        var path = Path.Combine(folder.Path, "bad.safetensors");
        writer.Save(path);
        Assert.Contains(key, Assert.Throws<RecordingException>(() => RecordingFile.Read(path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("output/x/seeded/velocity/velocity")]
    [InlineData("output/0000")]
    [InlineData("weights/0000/a")]
    [InlineData("output/0001/" + Fake.First)]
    public void Bad_names_are_refused(string name)
    {
        var writer = new SafetensorsWriter();
        using (var good = SafetensorsFile.Open(Written(Fake.Truth())))
        {
            foreach (var (key, text) in good.Metadata) writer.Metadata[key] = text;
            writer.Add("output/0000/" + Fake.First, [1], new float[1]);
            writer.Add(name, [1], new float[1]);
        }

        var path = Path.Combine(folder.Path, "bad.safetensors");
        writer.Save(path);
        Assert.Throws<RecordingException>(() => RecordingFile.Read(path));
    }

    [Fact]
    public void Truncated_files_and_other_files_are_refused()
    {
        var path = Written(Fake.Truth());
        var bytes = File.ReadAllBytes(path);
        var damaged = Path.Combine(folder.Path, "damaged.safetensors");
        for (var length = 0; length < bytes.Length; length += 1 + (bytes.Length / 40))
        {
            File.WriteAllBytes(damaged, bytes[..length]);
            Assert.ThrowsAny<MalformedFileException>(() => RecordingFile.Read(damaged));
        }
    }

    private string Written(Recording recording)
    {
        var path = Path.Combine(folder.Path, "run.safetensors");
        RecordingFile.Write(path, recording);
        return path;
    }
}
