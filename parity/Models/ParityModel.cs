// What is compared: one model, from a checkpoint folder or with random weights, that can be had in float32 and in float64. Both hold the same numbers,
// those of the float32 weights, so that every difference between two runs is one of arithmetic. What tells kinds of models apart is here: their parts, what
// is said to them, and how they speak.

using Ditar.Onnx;
using Ditar.Reference;
using Ditar.Reference.Files;
using Ditar.Reference.Speech;
using Ditar.Reference.Vae;
using Ditar.Reference.VoxCpm;

namespace Ditar.Parity;

/// <param name="Name">For people: the folder's name, or "0.1B random".</param>
/// <param name="Sizes">The sizes of both networks as JSON.</param>
/// <param name="Hash">SHA-256 over all weights; see <see cref="WeightHash"/>.</param>
internal sealed record ModelIdentity(string Name, string Sizes, string Hash);

internal abstract class ParityModel(ModelIdentity identity)
{
    public ModelIdentity Identity { get; } = identity;

    /// <summary>The seed of random weights; null for a checkpoint.</summary>
    public ulong? WeightSeed { get; protected init; }

    /// <summary>The graphs that an export of it has.</summary>
    public abstract IReadOnlyList<string> PartNames { get; }

    /// <summary>Weight formats in which the fused engine is compared.</summary>
    public abstract IReadOnlyList<string> Formats { get; }

    /// <summary>How long free running is unless somebody asks for more or less.</summary>
    public abstract int FreePatches { get; }

    /// <summary>Solver steps of free running.</summary>
    public abstract int FreeSteps { get; }

    /// <exception cref="MalformedFileException">The folder is not a checkpoint.</exception>
    public static ParityModel Open(string folder) => VoxCpmCheckpoint.IsOne(folder) ? VoxCpmParityModel.Open(folder) : DitarParityModel.Open(folder);

    /// <inheritdoc cref="DitarParityModel.Random(string, ulong, string, int)"/>
    public static DitarParityModel Random(string size, ulong seed, string decoder = VaeConfig.InverseStftKind, int maxPositions = 0) =>
        DitarParityModel.Random(size, seed, decoder, maxPositions);

    public static DitarParityModel Random(string name, DitarConfig config, VaeConfig vae, ulong seed) => DitarParityModel.Random(name, config, vae, seed);

    public abstract Networks At(ElementType type);

    /// <summary>The sizes of an export as this kind of model writes them; null if it is of another kind.</summary>
    public abstract string? Sizes(ExportManifest manifest);

    /// <param name="oracle">Makes the inputs.</param>
    /// <param name="done">After every call.</param>
    public abstract Plan Plan(IParityEngine oracle, PlanOptions options, Action done, CancellationToken cancellation);

    /// <param name="format">One of <see cref="Formats"/>.</param>
    public abstract IParityEngine Fused(string format);

    /// <summary>Speaks with the definition.</summary>
    public abstract GenerationLoop Loop(Networks networks, GenerationRequest request);

    /// <summary>Speaks through graphs.</summary>
    public abstract GenerationLoop Loop(ExportedGraphs graphs, GenerationRequest request);
}
