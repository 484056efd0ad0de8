// Whether a provider can be used here, found by using it: a session with it is made, a small product is computed and looked at.

namespace Ditar.Onnx;

/// <param name="Offered">Compiled into the library.</param>
/// <param name="Works">Computed a small graph, on its own kernels and rightly.</param>
/// <param name="Fault">Why it does not work; null when it does.</param>
/// <param name="Adapter">What it computes on; null for the CPU, and where the system does not tell.</param>
public sealed record ProviderState(OnnxProvider Provider, bool Offered, bool Works, string? Fault, GpuAdapter? Adapter)
{
    // Large enough that a GPU kernel has more than one workgroup; the values are small whole numbers, whose products and sums are exact in float32
    // (and in TF32 and bfloat16, up to 256), so the result must be exact whatever the order of summation.
    private const int Rows = 24;
    private const int Inner = 32;
    private const int Columns = 40;

    /// <summary>Tries a provider.</summary>
    /// <param name="hardwareOnly">A WebGPU adapter that is not known to be hardware is not even tried: some drivers are loud about it.</param>
    public static ProviderState Of(OnnxLibrary library, OnnxProvider provider, bool hardwareOnly = false)
    {
        ArgumentNullException.ThrowIfNull(library);
        if (!library.ProviderNames.Contains(provider.RuntimeName())) return new ProviderState(provider, false, false, "this ONNX Runtime was built without it", null);
        var adapters = provider switch
        {
            OnnxProvider.WebGpu => OperatingSystem.IsLinux() ? VulkanAdapters.Find() : [],
            OnnxProvider.Cuda => CudaAdapters.Find(),
            _ => [],
        };
        var adapter = adapters.Count > 0 ? adapters[0] : null;
        // Dawn would find none either, but says so at length.
        if (provider == OnnxProvider.WebGpu && OperatingSystem.IsLinux() && adapter is null) return new ProviderState(provider, true, false, "Vulkan finds no device (is libvulkan1 installed, and a driver?)", null);
        if (provider == OnnxProvider.WebGpu && hardwareOnly && adapter is not { IsHardware: true })
            return new ProviderState(provider, true, false, adapter is null ? "the system does not say that its adapter is hardware" : $"it would run on the {adapter}", adapter);
        if (provider == OnnxProvider.Cuda && MissingCudaFiles(library) is { } missing) return new ProviderState(provider, true, false, missing, adapter);
        var fault = Try(library, provider);
        return new ProviderState(provider, true, fault is null, fault, adapter);
    }

    // The library itself only knows how to load the provider; the kernels are in two files of their own.
    private static string? MissingCudaFiles(OnnxLibrary library)
    {
        if (Path.GetDirectoryName(library.Path) is not { Length: > 0 } folder) return null;
        var (before, after) = OperatingSystem.IsWindows() ? ("", ".dll") : ("lib", ".so");
        string[] files = [$"{before}onnxruntime_providers_shared{after}", $"{before}onnxruntime_providers_cuda{after}"];
        return files.All(file => File.Exists(Path.Combine(folder, file))) ? null
            : $"its files {string.Join(" and ", files)} are not in {folder}; a GPU build of ONNX Runtime has them, and DITAR_ONNXRUNTIME can name it";
    }

    private static string? Try(OnnxLibrary library, OnnxProvider provider)
    {
        var graph = SmallGraph.Write(
            [new("x", OnnxElementType.Float32, $"{Rows}", $"{Inner}"), new("y", OnnxElementType.Float32, $"{Inner}", $"{Columns}")],
            [new("MatMul", ["x", "y"], ["product"])],
            [new("product", OnnxElementType.Float32, $"{Rows}", $"{Columns}")]);
        try
        {
            using var session = OnnxSession.Load(library, graph, "a trial product", new OnnxSessionOptions { Provider = provider, Severity = OnnxSeverity.Error });
            if (session.Assignment().Any(share => share.Provider != provider.RuntimeName())) return "it leaves a matrix product to others";
            using var x = OnnxTensor.From<float>(library, Values(Rows * Inner, 7), Rows, Inner);
            using var y = OnnxTensor.From<float>(library, Values(Inner * Columns, 5), Inner, Columns);
            var product = session.Run([("x", x), ("y", y)])[0];
            using (product) return Wrong(x.Values<float>(), y.Values<float>(), product.Values<float>());
        }
        catch (OnnxException fault)
        {
            return fault.Message;
        }
    }

    // -2, -1, 0, 1, 2 and so on, in no order.
    private static float[] Values(int count, int stride) => [.. Enumerable.Range(0, count).Select(i => (float)(((i * stride) + (i / 3)) % 5 - 2))];

    private static string? Wrong(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> product)
    {
        for (var row = 0; row < Rows; row++)
        {
            for (var column = 0; column < Columns; column++)
            {
                var sum = 0f;
                for (var i = 0; i < Inner; i++) sum += x[(row * Inner) + i] * y[(i * Columns) + column];
                var found = product[(row * Columns) + column];
                if (found != sum) return $"it computes a product wrongly: expected {sum} at [{row}, {column}], found {found}";
            }
        }

        return null;
    }
}
