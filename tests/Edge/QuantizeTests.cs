// `ditar quantize`: a folder that loads and speaks, and refusals of what is not a matrix of the model in its format.

using Ditar.Edge;
using Ditar.Reference.Files;
using Ditar.Reference.Speech;
using Ditar.Simd;

namespace Ditar.Tests.Edge;

[Collection(EdgeCollection.Name)]
public sealed class QuantizeTests(EdgeFolder edge)
{
    [Theory]
    [InlineData("bf16")]
    [InlineData("int8")]
    [InlineData("int4")]
    public void A_quantized_folder_speaks_as_the_engine_that_rounds_on_load(string format)
    {
        var folder = Path.Combine(edge.Empty(), format);
        var told = DitarProcess.Run(edge.Root, ["quantize", "--to", format, "-o", folder, "-m", edge.Model]).RequireDone().Text;
        Assert.Contains("MB", told);
        using var ahead = Speaker.Load(folder);
        Assert.Contains(EngineFormats.Named(format).ToString(), ahead.Engine);
        using var onLoad = Speaker.Load(edge.Model, new SpeechBackend(BackendKind.Simd) { Weights = EngineFormats.Named(format) });
        using var definition = Speaker.Load(folder, new SpeechBackend(BackendKind.Definition));
        var expected = Sound(onLoad);
        Assert.Equal(expected, Sound(ahead));
        // Integers round activations too; the definition on the same weights does not.
        Near(expected, Sound(definition), 0.05f);
        Assert.True(new FileInfo(Path.Combine(folder, DitarCheckpoint.ModelFile)).Length < new FileInfo(Path.Combine(edge.Model, DitarCheckpoint.ModelFile)).Length);
    }

    [Fact]
    public void What_is_rounded_already_or_would_be_overwritten_is_refused()
    {
        var folder = Path.Combine(edge.Empty(), "small");
        QuantizedFolder.Write(edge.Model, folder, EngineFormats.Named("int8"));
        Assert.Throws<IOException>(() => QuantizedFolder.Write(edge.Model, folder, EngineFormats.Named("int8")));
        var fault = Assert.Throws<CheckpointException>(() => QuantizedFolder.Write(folder, Path.Combine(edge.Empty(), "twice"), EngineFormats.Named("int8")));
        Assert.Contains("not rounded yet", fault.Message);
    }

    [Fact]
    public void A_stopped_run_leaves_nothing_and_the_next_one_works()
    {
        var work = edge.Empty();
        using var source = new Cancelling(0.5);
        var folder = Path.Combine(work, "small");
        Assert.ThrowsAny<OperationCanceledException>(() => QuantizedFolder.Write(edge.Model, folder, EngineFormats.Named("int8"), source, source.Token));
        Assert.InRange(source.Share, 0.5, 0.99);
        Assert.Empty(Directory.EnumerateFileSystemEntries(work));

        // An empty folder that is there already is filled.
        Directory.CreateDirectory(folder);
        QuantizedFolder.Write(edge.Model, folder, EngineFormats.Named("int8"));
        Assert.Equal([folder], Directory.EnumerateFileSystemEntries(work));
        using var speaker = Speaker.Load(folder);
        Assert.Contains("int8 weights", speaker.Engine);
    }

    [Fact]
    public void Folders_that_are_taken_are_left_alone()
    {
        var work = edge.Empty();
        var (taken, killed) = (Path.Combine(work, "taken"), Path.Combine(work, "killed"));
        Directory.CreateDirectory(taken);
        File.WriteAllText(Path.Combine(taken, "diary.txt"), "dear diary");
        Directory.CreateDirectory(killed + ".partial");
        Assert.Contains("not an empty folder", DitarProcess.Run(work, ["quantize", "--to", "int8", "-o", "taken", "-m", edge.Model]).RequireError(1));
        Assert.Contains("was ended while it did", DitarProcess.Run(work, ["quantize", "--to", "int8", "-o", "killed/", "-m", edge.Model]).RequireError(1));
        Assert.Equal(["diary.txt"], Directory.EnumerateFileSystemEntries(taken).Select(Path.GetFileName));
        Assert.False(Path.Exists(killed));
    }

    [Theory]
    [InlineData("scale missing", "the tensor to be in the file")]
    [InlineData("scale short", "shape [")]
    [InlineData("scale infinite", "finite")]
    [InlineData("integers short", "shape [")]
    [InlineData("vector", "matrices only")]
    [InlineData("scale of nothing", "only tensors of this model")]
    public void Damaged_integers_are_told(string damage, string expected)
    {
        var folder = Path.Combine(edge.Empty(), "damaged");
        QuantizedFolder.Write(edge.Model, folder, EngineFormats.Named("int8"));
        var path = Path.Combine(folder, DitarCheckpoint.ModelFile);
        const string matrix = "encoder.transformer.layers.0.attention.query.weight";
        var writer = new SafetensorsWriter();
        using (var file = SafetensorsFile.Open(path))
        {
            foreach (var entry in file.Entries)
            {
                long[] shape = [.. entry.Shape];
                var (isScale, isMatrix) = (entry.Name == $"{matrix}.scale", entry.Name == matrix);
                if (isScale && damage == "scale missing") continue;
                if (entry.Type == SafetensorsType.I8)
                {
                    var integers = new long[entry.Count];
                    file.ReadInt64(entry.Name, integers);
                    sbyte[] values = [.. integers.Select(value => (sbyte)value)];
                    if (isMatrix && damage == "integers short") (shape, values) = ([shape[0], shape[1] - 1], values[..(int)(shape[0] * (shape[1] - 1))]);
                    writer.Add(entry.Name, shape, values);
                    continue;
                }

                var floats = new float[entry.Count];
                file.ReadFloat32(entry.Name, floats);
                if (isScale && damage == "scale short") (shape, floats) = ([shape[0] - 1], floats[..^1]);
                if (isScale && damage == "scale infinite") floats[3] = float.PositiveInfinity;
                if (damage == "vector" && entry.Name == "encoder.transformer.norm.gain") writer.Add(entry.Name, shape, new sbyte[floats.Length]);
                else writer.Add(entry.Name, shape, floats);
            }

            if (damage == "scale of nothing") writer.Add("encoder.transformer.norm.gain.scale", [1], new float[1]);
        }

        writer.Save(path);
        Assert.Contains(expected, Assert.Throws<CheckpointException>(() => DitarCheckpoint.Load(folder)).Message);
    }

    private static float[] Sound(Speaker speaker) => [.. speaker.Speak("hello there").SelectMany(chunk => chunk.Samples)];

    private sealed class Cancelling(double at) : IProgress<double>, IDisposable
    {
        private readonly CancellationTokenSource source = new();

        public CancellationToken Token => source.Token;

        public double Share { get; private set; }

        public void Report(double value)
        {
            Share = value;
            if (value >= at) source.Cancel();
        }

        public void Dispose() => source.Dispose();
    }

    private static void Near(float[] expected, float[] found, float allowed)
    {
        Assert.Equal(expected.Length, found.Length);
        for (var i = 0; i < expected.Length; i++) Assert.True(Math.Abs(expected[i] - found[i]) <= allowed, $"sample {i}: {expected[i]} and {found[i]}");
    }
}
