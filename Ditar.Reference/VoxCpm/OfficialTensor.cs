// What a file of official weights must hold, worked out from the configuration: a list of names and shapes. Loading is strict, unlike the official code's:
// all that is missing, unexpected or wrongly shaped is reported at once, before anything is read. The same lists say what a made-up checkpoint holds.

using Ditar.Reference.Files;

namespace Ditar.Reference.VoxCpm;

public enum OfficialTensorKind
{
    Plain,

    /// <summary>A weight stored as magnitude and direction, w = g v / |v|, the norm over all axes but the first.</summary>
    Normed,

    /// <summary>As <see cref="Normed"/>, of a transposed convolution: [inputs, outputs, kernel].</summary>
    NormedTransposed,

    /// <summary>32-bit integers.</summary>
    Integer,
}

/// <param name="Name">Of normed weights the name of the merged one, "....weight".</param>
public sealed record OfficialTensor(string Name, IReadOnlyList<long> Shape, OfficialTensorKind Kind = OfficialTensorKind.Plain)
{
    private const int Listed = 8;

    /// <summary>Read by nothing, but official files have it.</summary>
    public bool Unused { get; init; }

    /// <summary>Magnitude and direction under their older and their newer names.</summary>
    public IReadOnlyList<(string Magnitude, string Direction)> Spellings =>
        [(Name + "_g", Name + "_v"), ($"{Stem}.parametrizations.weight.original0", $"{Stem}.parametrizations.weight.original1")];

    private string Stem => Name[..^".weight".Length];

    private IReadOnlyList<long> MagnitudeShape => [Shape[0], .. Enumerable.Repeat(1L, Shape.Count - 1)];

    /// <summary>How a file spells the tensor: its name alone, or magnitude and direction.</summary>
    /// <returns>Null where the file has none.</returns>
    public (string? Magnitude, string Value)? In(WeightFile file)
    {
        if (file.Contains(Name)) return (null, Name);
        if (Kind is not (OfficialTensorKind.Normed or OfficialTensorKind.NormedTransposed)) return null;
        foreach (var (magnitude, direction) in Spellings)
            if (file.Contains(magnitude) && file.Contains(direction)) return (magnitude, direction);
        return null;
    }

    /// <summary>The tensors that an official file holds for this one.</summary>
    public IEnumerable<(string Name, IReadOnlyList<long> Shape)> Stored() => Kind is OfficialTensorKind.Normed or OfficialTensorKind.NormedTransposed
        ? [(Spellings[0].Magnitude, MagnitudeShape), (Spellings[0].Direction, Shape)]
        : [(Name, Shape)];

    /// <param name="ignored">Names in the file that belong to something else.</param>
    /// <param name="quantised">Whether matrices may be stored as integers with scales (<see cref="QuantisedMatrix"/>).</param>
    /// <exception cref="CheckpointException">Names or shapes differ; the message lists them.</exception>
    public static void RequireExactly(WeightFile file, IReadOnlyList<OfficialTensor> tensors, Func<string, bool>? ignored = null, bool quantised = false)
    {
        var (missing, shapes, known) = (new List<string>(), new List<string>(), new HashSet<string>(StringComparer.Ordinal));
        foreach (var tensor in tensors)
        {
            if (tensor.In(file) is not { } found)
            {
                missing.Add(tensor.Name);
                continue;
            }

            if (quantised && tensor is { Kind: OfficialTensorKind.Plain, Shape: [var outputs, var inputs] } && QuantisedMatrix.IsIn(file, found.Value))
            {
                ExpectIntegers(found.Value, outputs, inputs);
                continue;
            }

            Expect(found.Value, tensor.Shape);
            if (found.Magnitude is not null) Expect(found.Magnitude, tensor.MagnitudeShape);
        }

        var unexpected = file.Names.Where(name => !known.Contains(name) && ignored?.Invoke(name) != true).ToList();
        if (missing.Count == 0 && unexpected.Count == 0 && shapes.Count == 0) return;
        string[] faults = [List("missing", missing), List("unexpected", unexpected), List("of another shape", shapes)];
        throw new CheckpointException(
            file.Path, null, $"exactly the {tensors.Count} tensors that config.json makes", string.Join("; ", faults.Where(fault => fault.Length > 0)));

        void ExpectIntegers(string name, long outputs, long inputs)
        {
            var wide = file[name].Type == SafetensorsType.I8;
            Expect(name, wide ? [outputs, inputs] : [outputs, (inputs + 1) / 2]);
            var scale = QuantisedMatrix.ScaleName(name);
            if (!file.Contains(scale)) missing.Add(scale);
            else Expect(scale, wide ? [outputs] : [outputs, (inputs + QuantisedMatrix.Group - 1) / QuantisedMatrix.Group]);
        }

        void Expect(string name, IReadOnlyList<long> shape)
        {
            known.Add(name);
            var found = file[name].Shape;
            if (!found.SequenceEqual(shape)) shapes.Add($"{name} {CheckpointException.Shape(found)} for {CheckpointException.Shape(shape)}");
        }
    }

    private static string List(string what, List<string> names)
    {
        if (names.Count == 0) return "";
        var shown = string.Join(", ", names.Take(Listed).Select(MalformedFileException.Quote));
        return $"{names.Count} {what}: {shown}{(names.Count > Listed ? $" and {names.Count - Listed} more" : "")}";
    }
}
