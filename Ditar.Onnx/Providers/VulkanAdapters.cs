// The Vulkan devices of this machine, asked of the Vulkan loader through the five functions that it takes. The WebGPU provider (Dawn) sees the same
// devices on Linux and takes the first discrete one, then an integrated, then a software one: adapters are given in that order. Should Dawn refuse the
// first for a lack of features it takes the next without saying so; the label is the system's, not Dawn's.

using System.Runtime.InteropServices;

namespace Ditar.Onnx;

internal static unsafe class VulkanAdapters
{
    // Vulkan 1.1, the first with GetPhysicalDeviceProperties2; and the numbers that mark its structures.
    private const uint Version11 = (1 << 22) | (1 << 12);
    private const int ApplicationInfoType = 0;
    private const int InstanceInfoType = 1;
    private const int Properties2Type = 1000059001;
    private const int DriverPropertiesType = 1000196000;

    // VkPhysicalDeviceProperties: apiVersion, driverVersion, vendorID, deviceID, deviceType (5 words), deviceName (256 bytes), then limits, in all 824 bytes.
    private const int DeviceKindAt = 16;
    private const int DeviceNameAt = 20;
    private const int NameBytes = 256;
    private const int PropertiesBytes = 824;
    private const int MostDevices = 64;

    /// <summary>Empty where there is no Vulkan or no device.</summary>
    public static IReadOnlyList<GpuAdapter> Find()
    {
        var name = OperatingSystem.IsWindows() ? "vulkan-1.dll" : OperatingSystem.IsMacOS() ? "libvulkan.1.dylib" : "libvulkan.so.1";
        if (!NativeLibrary.TryLoad(name, out var library) || !NativeLibrary.TryGetExport(library, "vkGetInstanceProcAddr", out var entry)) return [];
        var find = (delegate* unmanaged<nint, byte*, nint>)entry;
        var application = new ApplicationInfo { Type = ApplicationInfoType, ApiVersion = Version11 };
        var info = new InstanceInfo { Type = InstanceInfoType, Application = &application };
        nint instance;
        if (((delegate* unmanaged<InstanceInfo*, nint, nint*, int>)Function(find, 0, "vkCreateInstance"))(&info, 0, &instance) != 0) return [];
        try
        {
            var devices = stackalloc nint[MostDevices];
            uint count = MostDevices;
            var listed = ((delegate* unmanaged<nint, uint*, nint*, int>)Function(find, instance, "vkEnumeratePhysicalDevices"))(instance, &count, devices);
            // 5 is VK_INCOMPLETE: more than we have room for.
            if (listed is not (0 or 5)) return [];
            var describe = (delegate* unmanaged<nint, Properties2*, void>)Function(find, instance, "vkGetPhysicalDeviceProperties2");
            var found = new List<GpuAdapter>();
            for (var i = 0; i < count; i++) found.Add(Describe(describe, devices[i]));
            return [.. found.OrderBy(adapter => adapter.Kind)];
        }
        finally
        {
            ((delegate* unmanaged<nint, nint, void>)Function(find, instance, "vkDestroyInstance"))(instance, 0);
        }
    }

    private static GpuAdapter Describe(delegate* unmanaged<nint, Properties2*, void> describe, nint device)
    {
        var driver = new DriverProperties { Type = DriverPropertiesType };
        var properties = new Properties2 { Type = Properties2Type, Next = &driver };
        describe(device, &properties);
        var kind = *(int*)(properties.Bytes + DeviceKindAt) switch
        {
            1 => AdapterKind.Integrated,
            2 => AdapterKind.Discrete,
            3 => AdapterKind.Virtual,
            4 => AdapterKind.Software,
            _ => AdapterKind.Unknown,
        };
        // A driver older than Vulkan 1.2 leaves its names empty.
        var said = $"{Text(driver.Name)} {Text(driver.Info)}".Trim();
        return new GpuAdapter(Text(properties.Bytes + DeviceNameAt), kind, said);
    }

    private static string Text(byte* bytes)
    {
        var text = new ReadOnlySpan<byte>(bytes, NameBytes);
        var end = text.IndexOf((byte)0);
        return System.Text.Encoding.UTF8.GetString(end < 0 ? text : text[..end]).Trim();
    }

    private static nint Function(delegate* unmanaged<nint, byte*, nint> find, nint instance, string name)
    {
        using var text = new Utf8(name);
        return find(instance, text.First);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct ApplicationInfo
    {
        public int Type;
        public void* Next;
        public byte* Application;
        public uint ApplicationVersion;
        public byte* Engine;
        public uint EngineVersion;
        public uint ApiVersion;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct InstanceInfo
    {
        public int Type;
        public void* Next;
        public uint Flags;
        public ApplicationInfo* Application;
        public uint LayerCount;
        public byte** Layers;
        public uint ExtensionCount;
        public byte** Extensions;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Properties2
    {
        public int Type;
        public DriverProperties* Next;
        public fixed byte Bytes[PropertiesBytes];
    }

    // driverID, driverName, driverInfo, conformance version (4 bytes).
    [StructLayout(LayoutKind.Sequential)]
    private struct DriverProperties
    {
        public int Type;
        public void* Next;
        public int Id;
        public fixed byte Name[NameBytes];
        public fixed byte Info[NameBytes];
        public uint Conformance;
    }
}
