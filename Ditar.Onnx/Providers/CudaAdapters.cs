// The CUDA devices of this machine, asked of NVIDIA's driver library; ONNX Runtime takes the first.

using System.Runtime.InteropServices;

namespace Ditar.Onnx;

internal static unsafe class CudaAdapters
{
    private const int NameBytes = 256;

    /// <summary>Empty where there is no driver or no device.</summary>
    public static IReadOnlyList<GpuAdapter> Find()
    {
        if (!NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1", out var library)) return [];
        int count, version;
        if (((delegate* unmanaged<uint, int>)Export(library, "cuInit"))(0) != 0) return [];
        if (((delegate* unmanaged<int*, int>)Export(library, "cuDeviceGetCount"))(&count) != 0) return [];
        if (((delegate* unmanaged<int*, int>)Export(library, "cuDriverGetVersion"))(&version) != 0) version = 0;
        var found = new List<GpuAdapter>();
        var name = stackalloc byte[NameBytes];
        for (var i = 0; i < count; i++)
        {
            if (((delegate* unmanaged<byte*, int, int, int>)Export(library, "cuDeviceGetName"))(name, NameBytes, i) != 0) continue;
            // The version is 1000 * major + 10 * minor.
            found.Add(new GpuAdapter(OrtApi.Text(name), AdapterKind.Discrete, $"CUDA {version / 1000}.{version % 1000 / 10}"));
        }

        return found;
    }

    private static nint Export(nint library, string name) => NativeLibrary.GetExport(library, name);
}
