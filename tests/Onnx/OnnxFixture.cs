// The native library for tests that need it: found as programs find it, else fetched once with eng/fetch-onnxruntime.sh. Without it they fail and say why.

using System.Diagnostics;
using Ditar.Onnx;

namespace Ditar.Tests.Onnx;

public sealed class OnnxFixture
{
    public OnnxFixture()
    {
        SoftwareVulkan.Name();
        Library = Find();
    }

    public OnnxLibrary Library { get; }

    /// <summary>The checkout that the tests were built in.</summary>
    internal static string Checkout { get; } = FindCheckout();

    private static OnnxLibrary Find()
    {
        try
        {
            return OnnxLibrary.Shared;
        }
        catch (OnnxLibraryException) when (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(LibrarySearch.Variable)))
        {
            using var fetch = Process.Start(new ProcessStartInfo("bash", [Path.Combine(Checkout, "eng", "fetch-onnxruntime.sh")]) { RedirectStandardError = true })!;
            var errors = fetch.StandardError.ReadToEnd();
            fetch.WaitForExit();
            Assert.True(fetch.ExitCode == 0, $"These tests need ONNX Runtime's library, and eng/fetch-onnxruntime.sh failed: {errors}");
            return OnnxLibrary.Shared;
        }
    }

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
