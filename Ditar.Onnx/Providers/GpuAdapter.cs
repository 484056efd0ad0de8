// A device that a GPU provider may compute on, as the system describes it. ONNX Runtime's C API does not tell which one it took.

namespace Ditar.Onnx;

public enum AdapterKind
{
    /// <summary>A card of its own.</summary>
    Discrete,

    /// <summary>Part of the processor's chip.</summary>
    Integrated,

    /// <summary>A share of a card that a virtual machine is given.</summary>
    Virtual,

    /// <summary>Kernels compiled for the processor: right numbers, no speed.</summary>
    Software,

    /// <summary>The driver does not say.</summary>
    Unknown,
}

/// <param name="Driver">Name and version as the driver tells them.</param>
public sealed record GpuAdapter(string Name, AdapterKind Kind, string Driver)
{
    public bool IsHardware => Kind is AdapterKind.Discrete or AdapterKind.Integrated or AdapterKind.Virtual;

    /// <summary>"software adapter SwiftShader Device (LLVM 10.0.0), driver SwiftShader driver 5.0.0".</summary>
    public override string ToString() =>
        $"{(IsHardware ? "hardware" : Kind == AdapterKind.Software ? "software" : "unknown")} adapter {Name}{(Driver.Length > 0 ? $", driver {Driver}" : "")}";
}
