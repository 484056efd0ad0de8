// Which provider a run uses and why. Automatic: CUDA when it is offered and works, else WebGPU on a hardware adapter, else the CPU. A provider that is named
// is taken or refused, never replaced by another.

namespace Ditar.Onnx;

/// <param name="State">Of the provider that was taken.</param>
/// <param name="Reasons">One line for each provider that was tried before and not taken, and one for the taken one.</param>
public sealed record ProviderChoice(ProviderState State, IReadOnlyList<string> Reasons)
{
    public const string Auto = "auto";

    /// <summary>What a user may name: auto, cpu, webgpu, cuda.</summary>
    public static IReadOnlyList<string> Names { get; } = [Auto, "cpu", "webgpu", "cuda"];

    public OnnxProvider Provider => State.Provider;

    /// <summary>"CPU", or "WebGPU on the software adapter ...".</summary>
    public string Title => State.Adapter is { } adapter ? $"{Provider.Title()} on the {adapter}" : Provider.Title();

    /// <param name="name">One of <see cref="Names"/>, in any case of letters.</param>
    /// <exception cref="ArgumentException">The name is none of them.</exception>
    /// <exception cref="OnnxProviderException">The provider that was named cannot be used.</exception>
    public static ProviderChoice Make(OnnxLibrary library, string name)
    {
        ArgumentNullException.ThrowIfNull(library);
        var automatic = string.Equals(name, Auto, StringComparison.OrdinalIgnoreCase);
        return Make(name, provider => ProviderState.Of(library, provider, hardwareOnly: automatic), $"ONNX Runtime {library.Version} at {library.Path}");
    }

    /// <param name="state">Tries a provider.</param>
    /// <param name="library">For messages.</param>
    internal static ProviderChoice Make(string name, Func<OnnxProvider, ProviderState> state, string library)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (string.Equals(name, Auto, StringComparison.OrdinalIgnoreCase)) return Automatic(state);
        if (!Names.Skip(1).Contains(name, StringComparer.OrdinalIgnoreCase) || !Enum.TryParse<OnnxProvider>(name, ignoreCase: true, out var asked))
            throw new ArgumentException($"There is no provider '{name}'; there are {string.Join(", ", Names)}.", nameof(name));
        var found = state(asked);
        if (!found.Works) throw new OnnxProviderException($"the {asked.Title()} provider cannot be used: {found.Fault} ({library}); 'auto' takes one that can");
        return new ProviderChoice(found, [$"{asked.Title()} was asked for"]);
    }

    private static ProviderChoice Automatic(Func<OnnxProvider, ProviderState> state)
    {
        var reasons = new List<string>();
        foreach (var provider in new[] { OnnxProvider.Cuda, OnnxProvider.WebGpu })
        {
            var found = state(provider);
            if (found.Works && (provider == OnnxProvider.Cuda || found.Adapter is { IsHardware: true }))
            {
                reasons.Add($"{provider.Title()} works");
                return new ProviderChoice(found, reasons);
            }

            reasons.Add($"{provider.Title()} not taken: {found.Fault ?? (found.Adapter is { } adapter ? $"it would run on a {adapter}" : "the system does not say that its adapter is hardware")}");
        }

        var cpu = state(OnnxProvider.Cpu);
        if (!cpu.Works) throw new OnnxProviderException($"not even the CPU provider works: {cpu.Fault}; {string.Join("; ", reasons)}");
        reasons.Add("CPU is what is left");
        return new ProviderChoice(cpu, reasons);
    }
}
