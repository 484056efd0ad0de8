// Official audiovae weights as our layers ask for them: magnitude and direction merged, kernels channel-last ([outputs, kernel, inputs]), transposed
// convolutions as the convolutions of a few taps that they are (UpsampleConvolution says how), their biases repeated for each step.

using Ditar.Reference.Files;
using Ditar.Reference.Layers;

namespace Ditar.Reference.VoxCpm;

public sealed class AudioVaeParameters : ParameterSource
{
    internal const string Prefix = "audio_vae.";
    private readonly WeightFile file;
    private readonly Dictionary<string, OfficialTensor> layout;
    private readonly string prefix;

    /// <param name="file">Stays open only while layers are built.</param>
    /// <exception cref="CheckpointException">The file does not hold exactly the tensors of the configuration.</exception>
    public AudioVaeParameters(WeightFile file, AudioVaeConfig config, ElementType type)
        : base(type)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(config);
        this.file = file;

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
        var tensor = layout[prefix + name];
        if (tensor.Kind == OfficialTensorKind.Plain)
        {
            var plain = Read(tensor.Name);
            var repeats = Count(shape) / plain.Length;                                             // a bias for each step of an up-sampling
            return Tensor.From(Type, [.. Enumerable.Repeat(plain, repeats).SelectMany(values => values)], shape).Copy();
        }

        var merged = Merged(tensor);
        var (first, second, kernel) = ((int)tensor.Shape[0], (int)tensor.Shape[1], (int)tensor.Shape[2]);
        return Tensor.From(Type, tensor.Kind == OfficialTensorKind.Normed ? ChannelLast(merged, first, second, kernel) : Taps(merged, first, second, kernel, shape[1]), shape).Copy();
    }

    // g v / |v|.
    private double[] Merged(OfficialTensor tensor)
    {
        var (magnitude, value) = tensor.In(file)!.Value;
        var v = Read(value);
        if (magnitude is null) return v;
        var g = Read(magnitude);
        var row = v.Length / g.Length;
        for (var i = 0; i < g.Length; i++)
        {
            var direction = v.AsSpan(i * row, row);
            var square = 0.0;
            foreach (var x in direction) square += x * x;
            if (square == 0) throw new CheckpointException(file.Path, value, "directions that are not zero", $"row {i} all zero");
            var factor = g[i] / Math.Sqrt(square);
            foreach (ref var x in direction) x *= factor;
        }

        return v;
    }

    // [outputs, inputs, kernel] to [outputs, kernel, inputs].
    private static double[] ChannelLast(double[] v, int outputs, int inputs, int kernel)
    {
        var w = new double[v.Length];
        for (var o = 0; o < outputs; o++)
            for (var c = 0; c < inputs; c++)
                for (var k = 0; k < kernel; k++) w[(((o * kernel) + k) * inputs) + c] = v[(((o * inputs) + c) * kernel) + k];
        return w;
    }

    // [inputs, outputs, taps * factor] to [factor * outputs, taps, inputs]: tap i of step j is the kernel's number (taps - 1 - i) factor + j.
    private static double[] Taps(double[] v, int inputs, int outputs, int kernel, int taps)
    {
        var (w, factor) = (new double[v.Length], kernel / taps);
        for (var c = 0; c < inputs; c++)
            for (var o = 0; o < outputs; o++)
                for (var k = 0; k < kernel; k++)
                {
                    var (tap, step) = (taps - 1 - (k / factor), k % factor);
                    w[(((((step * outputs) + o) * taps) + tap) * inputs) + c] = v[(((c * outputs) + o) * kernel) + k];
                }

        return w;
    }

    // Training code prefixes every name.
    private static string PrefixOf(WeightFile file) =>
        file.Entries.Count > 0 && file.Names.All(name => name.StartsWith(Prefix, StringComparison.Ordinal)) ? Prefix : "";

    private double[] Read(string name)
    {
        file.CheckFinite(name);
        var values = new double[file[name].Count];
        file.ReadFloat64(name, values);
        return values;
    }

    private static int Count(ReadOnlySpan<int> shape) => ShapeText.Count(shape);
}
