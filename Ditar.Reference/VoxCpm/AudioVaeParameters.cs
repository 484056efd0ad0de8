// Official audiovae weights as our layers ask for them; AudioVaeValues says what is done to their numbers.

using Ditar.Reference.Files;
using Ditar.Reference.Layers;

namespace Ditar.Reference.VoxCpm;

public sealed class AudioVaeParameters : ParameterSource
{
    internal const string Prefix = "audio_vae.";
    private readonly WeightFile file;
    private readonly Dictionary<string, OfficialTensor> layout;
    private readonly string prefix;
    private readonly bool later;

    /// <param name="file">Stays open while layers are built, and with <paramref name="later"/> for as long as their weights live.</param>
    /// <param name="later">Whether weights are read, and merged, when they are first used instead of now. That they are numbers is checked now either way.</param>
    /// <exception cref="CheckpointException">The file does not hold exactly the tensors of the configuration.</exception>
    public AudioVaeParameters(WeightFile file, AudioVaeConfig config, ElementType type, bool later = false)
        : base(type)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(config);
        this.file = file;
        this.later = later;
        prefix = PrefixOf(file);
        layout = Require(file, config).ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <returns>The tensors, under the names that the file gives them.</returns>
    /// <exception cref="CheckpointException">The file does not hold exactly the tensors of the configuration.</exception>
    public static IReadOnlyList<OfficialTensor> Require(WeightFile file, AudioVaeConfig config)
    {
        IReadOnlyList<OfficialTensor> tensors = [.. AudioVaeLayout.Of(config).Select(tensor => tensor with { Name = PrefixOf(file) + tensor.Name })];
        OfficialTensor.RequireExactly(file, tensors);
        return tensors;
    }

    protected override Tensor Provide(string name, ReadOnlySpan<int> shape, Start start)
    {
        var official = layout[prefix + name];
        var (magnitude, value) = official.In(file)!.Value;
        if (magnitude is not null) file.CheckFinite(magnitude);
        file.CheckFinite(value);
        var tensor = Tensor.Of(Type, new AudioVaeValues(file, official, shape.ToArray()), shape);
        if (!later) tensor.Materialise();
        return tensor;
    }

    // Training code prefixes every name.
    private static string PrefixOf(WeightFile file) =>
        file.Entries.Count > 0 && file.Names.All(name => name.StartsWith(Prefix, StringComparison.Ordinal)) ? Prefix : "";
}
