// The execution providers that the project runs on, and ONNX Runtime's names for them.

namespace Ditar.Onnx;

public enum OnnxProvider
{
    Cpu,
    WebGpu,
    Cuda,
}

public static class OnnxProviderNames
{
    /// <summary>As in ONNX Runtime's list of what a library offers.</summary>
    public static string RuntimeName(this OnnxProvider provider) => provider switch
    {
        OnnxProvider.Cpu => "CPUExecutionProvider",
        OnnxProvider.WebGpu => "WebGpuExecutionProvider",
        _ => "CUDAExecutionProvider",
    };

    /// <summary>As in reports: CPU, WebGPU, CUDA.</summary>
    public static string Title(this OnnxProvider provider) => provider switch
    {
        OnnxProvider.Cpu => "CPU",
        OnnxProvider.WebGpu => "WebGPU",
        _ => "CUDA",
    };
}
