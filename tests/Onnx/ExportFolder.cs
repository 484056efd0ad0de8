// A small model with random weights, exported once for the tests of the backend.

using Ditar.Onnx;
using Ditar.Parity;
using Ditar.Parity.Export;
using Ditar.Reference.Randomness;
using Ditar.Reference.Speech;
using Ditar.Reference.Vae;
using Ditar.Tests.Edge;

namespace Ditar.Tests.Onnx;

public sealed class ExportFolder : IDisposable
{
    public ExportFolder()
    {
        Root = Directory.CreateTempSubdirectory("ditar-export-").FullName;
        // What training starts at zero (the last layer of the velocity among others) must not stay there: zeros equal zeros whatever was computed before.
        ModelFolder = TinyCheckpoint.Write(Path.Combine(Root, "model"), TinyCheckpoint.NeverStops, Model, Vae, change: (name, shape, values) =>
        {
            if (Array.TrueForAll(values, value => value == 0)) NormalSource.FillNormal(11, (ulong)name.Length, 0, values);
            return (shape, values);
        });
        Checkpoint = DitarCheckpoint.Load(ModelFolder);
        Graphs = Path.Combine(Root, "graphs");
        Export(Checkpoint, Graphs);
    }

    /// <summary>8 latent dims: over the usual tiny model's 6 the WebGPU provider's convolutions are wrong.</summary>
    internal static DitarConfig Model { get; } = TinyCheckpoint.Model with { LatentDim = 8 };

    internal static VaeConfig Vae { get; } = TinyCheckpoint.Vae with { LatentDim = 8 };

    public string Root { get; }

    public string ModelFolder { get; }

    public DitarCheckpoint Checkpoint { get; }

    public string Graphs { get; }

    /// <summary>A copy of the export to damage.</summary>
    public string Copy()
    {
        var copy = Directory.CreateDirectory(Path.Combine(Root, Guid.NewGuid().ToString("n"))).FullName;
        foreach (var file in Directory.EnumerateFiles(Graphs)) File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        return copy;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    internal static ExportManifest Export(DitarCheckpoint checkpoint, string folder) =>
        OnnxExport.Run(folder, new ExportSource("tiny", null, new DitarNetworks(checkpoint.Model, checkpoint.Autoencoder)), new ExportOptions());
}
