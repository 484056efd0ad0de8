// A checkpoint folder with random weights, so small that a process speaks from it in a blink: every file, every check and every path of the real thing,
// but for the meaning of the sound.

using Ditar.Reference;
using Ditar.Reference.Files;
using Ditar.Reference.Layers;
using Ditar.Reference.Randomness;
using Ditar.Reference.Speech;
using Ditar.Reference.Text;
using Ditar.Reference.Vae;

namespace Ditar.Tests.Edge;

/// <summary>Changes a tensor on its way into a file.</summary>
internal delegate (long[] Shape, float[] Values) TensorChange(string name, long[] shape, float[] values);

internal static class TinyCheckpoint
{
    /// <summary>A stop head that never fires.</summary>
    public const float NeverStops = -30;

    public static DitarConfig Model { get; } = new()
    {
        Symbols = CharacterTokenizer.Default.Symbols.Count,
        LatentDim = 6,
        HeadDim = 8,
        Encoder = new(1, 16, 2, 24),
        LanguageModel = new(2, 16, 2, 24),
        Diffusion = new(1, 16, 2, 24),
    };

    public static VaeConfig Vae { get; } = new()
    {
        Channels = [2, 2, 4, 4],
        LatentDim = 6,
        InverseStft = new() { Width = 8, Hidden = 12, LatentBlocks = 1, FrameBlocks = 1 },
    };

    /// <summary>Samples of a patch.</summary>
    public static int PatchSamples => Model.PatchSize * Vae.Hop;

    /// <param name="stopBias">Of the stop head's logit, whose random part is small.</param>
    /// <param name="change">Applied to every tensor of model and VAE.</param>
    public static string Write(string folder, float stopBias = 0, DitarConfig? model = null, VaeConfig? vae = null, bool voices = true, TensorChange? change = null)
    {
        model ??= Model;
        vae ??= Vae;
        Directory.CreateDirectory(folder);
        var weights = new RandomParameters(ElementType.Float32, 1);
        _ = new DitarModel(weights, model);
        Save(weights, Path.Combine(folder, DitarCheckpoint.ModelFile), (name, shape, values) =>
        {
            if (name == "language_model.stop.bias") values = [stopBias];
            return change?.Invoke(name, shape, values) ?? (shape, values);
        });
        var vaeWeights = new RandomParameters(ElementType.Float32, 2);
        _ = new Autoencoder(vaeWeights.Root, vae);
        Save(vaeWeights, Path.Combine(folder, DitarCheckpoint.VaeFile), change);
        CharacterTokenizer.Default.Save(Path.Combine(folder, DitarCheckpoint.TokenizerFile));

        VoiceEntry[] entries = voices ? [new("ann", "one two three"), new("bob", "where is my cup")] : [];
        var prompts = new SafetensorsWriter();
        foreach (var entry in entries)
        {
            var latents = new float[3 * model.PatchSize * model.LatentDim];
            NormalSource.FillNormal(3, (ulong)entry.Name[0], 0, latents);
            prompts.Add(entry.Name, [3, model.PatchSize, model.LatentDim], latents, SafetensorsType.F16);
        }

        if (voices) prompts.Save(Path.Combine(folder, DitarCheckpoint.VoicesFile));
        new CheckpointConfig
        {
            Kind = CheckpointConfig.KindName,
            Format = CheckpointConfig.CurrentFormat,
            Model = model,
            Vae = vae,
            Sampling = new SamplingDefaults(2, 1, 1, 0.5),
            Voices = entries,
        }.Write(Path.Combine(folder, DitarCheckpoint.ConfigFile));
        return folder;
    }

    private static void Save(RandomParameters weights, string path, TensorChange? change)
    {
        var writer = new SafetensorsWriter();
        foreach (var (name, tensor) in weights.Taken)
        {
            long[] shape = [.. tensor.Shape.ToArray().Select(extent => (long)extent)];
            var values = tensor.ToSingles();
            if (change is not null) (shape, values) = change(name, shape, values);
            writer.Add(name, shape, values);
        }

        writer.Save(path);
    }
}

/// <summary>The checkpoint that most tests share, and a folder for what they write. Tests of one collection run one after the other.</summary>
public sealed class EdgeFolder : IDisposable
{
    private int outputs;

    public EdgeFolder()
    {
        Root = Directory.CreateTempSubdirectory("ditar-edge-").FullName;
        Model = TinyCheckpoint.Write(Path.Combine(Root, "tiny"));
        Endless = TinyCheckpoint.Write(Path.Combine(Root, "endless"), TinyCheckpoint.NeverStops);
    }

    public string Root { get; }

    public string Model { get; }

    /// <summary>A checkpoint whose every utterance runs to the limit.</summary>
    public string Endless { get; }

    /// <summary>A new empty folder.</summary>
    public string Empty() => Directory.CreateDirectory(Path.Combine(Root, $"output-{outputs++}")).FullName;

    public void Dispose() => Directory.Delete(Root, recursive: true);
}

[CollectionDefinition(Name)]
public sealed class EdgeCollection : ICollectionFixture<EdgeFolder>
{
    public const string Name = "edge";
}
