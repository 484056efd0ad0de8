// The Vulkan device in software that eng/install-software-vulkan.sh installs, so that ONNX Runtime's GPU kernels run without a GPU. Tests that need it are
// skipped, and seen to be, where it is not installed; with DITAR_REQUIRE_WEBGPU=1, as in CI, they run and fail instead.

using System.Runtime.InteropServices;

namespace Ditar.Tests.Onnx;

internal static class SoftwareVulkan
{
    private static readonly string? Manifest = new[] { "/usr/lib/chromium", "/usr/lib/chromium-browser", "/opt/chromium.org/chromium" }
        .Select(folder => Path.Combine(folder, "vk_swiftshader_icd.json")).FirstOrDefault(File.Exists);

    /// <summary>A device is named to the Vulkan loader, by us or by whoever runs the tests.</summary>
    public static bool Installed => OperatingSystem.IsLinux() && (Named || Manifest is not null) && NativeLibrary.TryLoad("libvulkan.so.1", out _);

    public static bool Required => Environment.GetEnvironmentVariable("DITAR_REQUIRE_WEBGPU") == "1";

    private static bool Named => Environment.GetEnvironmentVariable("VK_DRIVER_FILES") is not null;

    /// <summary>Names the device to the Vulkan loader of this process and of its children.</summary>
    public static void Name()
    {
        if (Named || Manifest is null) return;
        foreach (var (name, value) in new[] { ("VK_DRIVER_FILES", Manifest), ("VK_ICD_FILENAMES", Manifest), ("XDG_RUNTIME_DIR", Path.GetTempPath()) })
        {
            // Native code does not see what the runtime sets: that is a copy, for child processes.
            Environment.SetEnvironmentVariable(name, value);
            _ = SetEnvironment(name, value, 1);
        }
    }

    [DllImport("libc", EntryPoint = "setenv", CharSet = CharSet.Ansi)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetEnvironment(string name, string value, int overwrite);
}

/// <summary>A test of GPU kernels on the software device.</summary>
internal sealed class WebGpuFactAttribute : FactAttribute
{
    public WebGpuFactAttribute()
    {
        if (!SoftwareVulkan.Installed && !SoftwareVulkan.Required) Skip = "no Vulkan device in software; eng/install-software-vulkan.sh installs one";
    }
}
