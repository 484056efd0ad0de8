// The native library for tests that need it: found as programs find it, else fetched once with eng/fetch-onnxruntime.sh. Without it they fail and say why.

using Ditar.Onnx;
using Ditar.Parity;

namespace Ditar.Tests.Onnx;

public sealed class OnnxFixture
{
    public OnnxFixture()
    {
        SoftwareVulkan.Name();
        Library = FetchedLibrary.Require(_ => { });
    }

    public OnnxLibrary Library { get; }

    /// <summary>The checkout that the tests were built in.</summary>
    internal static string Checkout { get; } = FindCheckout();

    private static string FindCheckout()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Ditar.sln"))) folder = folder.Parent ?? throw new DirectoryNotFoundException("the tests were not built inside the checkout");
        return folder.FullName;
    }
}

[CollectionDefinition(Name)]
public sealed class OnnxCollection : ICollectionFixture<OnnxFixture>
{
    public const string Name = "onnx";
}
