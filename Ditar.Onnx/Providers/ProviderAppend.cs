// Puts a provider in front of the CPU's, with the settings that a comparison needs.

namespace Ditar.Onnx;

internal static unsafe class ProviderAppend
{
    private static readonly KeyValuePair<string, string>[] WebGpu =
    [
        // Of several adapters the fast one; a software adapter comes last in any case.
        new("powerPreference", "high-performance"),
    ];

    private static readonly KeyValuePair<string, string>[] Cuda =
    [
        new("device_id", "0"),
        // TF32 rounds the factors to 10 bits: a thousand times the error of float32.
        new("use_tf32", "0"),
        // No trial runs, so that the same kernels are taken every time.
        new("cudnn_conv_algo_search", "DEFAULT"),
    ];

    /// <exception cref="OnnxProviderException">The library does not have the provider, or it does not start.</exception>
    public static void To(OrtApi api, OrtHandle options, OnnxSessionOptions chosen)
    {
        if (chosen.Provider == OnnxProvider.Cpu) return;
        var provider = chosen.Provider;
        if (!api.AvailableProviders().Contains(provider.RuntimeName()))
            throw new OnnxProviderException($"this ONNX Runtime ({api.Version}) was built without the {provider.Title()} provider; it has {string.Join(", ", api.AvailableProviders())}");
        var settings = new Dictionary<string, string>(provider == OnnxProvider.WebGpu ? WebGpu : Cuda);
        foreach (var (key, value) in chosen.ProviderSettings) settings[key] = value;
        using Utf8 keys = new([.. settings.Keys]), values = new([.. settings.Values]);
        try
        {
            if (provider == OnnxProvider.Cuda) AppendCuda(api, options, keys, values, settings.Count);
            else
            {
                using var name = new Utf8("WebGPU");
                api.Check(((delegate* unmanaged<nint, byte*, byte**, byte**, nuint, nint>)api[OrtFunction.AppendProvider])(
                    options.Value, name.First, keys.Pointers, values.Pointers, (nuint)settings.Count));
            }
        }
        catch (OnnxRuntimeException fault)
        {
            throw new OnnxProviderException($"the {provider.Title()} provider does not start: {fault.Message}", fault);
        }
    }

    private static void AppendCuda(OrtApi api, OrtHandle options, Utf8 keys, Utf8 values, int count)
    {
        using var cuda = api.Create(OrtFunction.CreateCudaProviderOptions, OrtFunction.ReleaseCudaProviderOptions);
        api.Check(((delegate* unmanaged<nint, byte**, byte**, nuint, nint>)api[OrtFunction.UpdateCudaProviderOptions])(cuda.Value, keys.Pointers, values.Pointers, (nuint)count));
        api.Check(((delegate* unmanaged<nint, nint, nint>)api[OrtFunction.AppendCudaProvider])(options.Value, cuda.Value));
    }
}
