// The bundled model, exported once with every intermediate.

using Ditar.Onnx;
using Ditar.Parity;
using Ditar.Parity.Export;
using Ditar.Reference.Speech;
using Ditar.Tests.Onnx;
using Ditar.Tests.Reference.Files;

namespace Ditar.Tests.Parity.Export;

public sealed class ExportFixture : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public ExportFixture()
    {
        var checkpoint = DitarCheckpoint.Load(Path.Combine(OnnxFixture.Checkout, "models", "ditar-tiny"));
        Source = new ExportSource("ditar-tiny", null, new DitarNetworks(checkpoint.Model, checkpoint.Autoencoder));
        Manifest = OnnxExport.Run(folder.Path, Source, new ExportOptions { Intermediates = true });
    }

    public ExportManifest Manifest { get; }

    public string Folder => folder.Path;

    internal ExportSource Source { get; }

    public void Dispose() => folder.Dispose();
}
