// A codec's weights by path, as its definition names them, in float32: what the fused form packs. The definition keeps its tensors; nothing is shared
// with it once packed.

using System.Numerics.Tensors;
using Ditar.Reference.Vae;
using Tensor = Ditar.Reference.Tensor;

namespace Ditar.Simd;

/// <summary>Taps by step: [kernel, channels].</summary>
internal sealed record DepthwiseWeight(float[] Taps, float[] Bias, int Kernel, int Channels)
{
    /// <param name="weight">[channels, kernel, 1].</param>
    public static DepthwiseWeight Of(Tensor weight, Tensor bias)
    {
        var (channels, kernel) = (weight[0], weight[1]);
        var values = weight.Loose();
        var taps = new float[values.Length];
        for (var c = 0; c < channels; c++)
        {
            for (var j = 0; j < kernel; j++)
                taps[(j * channels) + c] = values[(c * kernel) + j];
        }

        return new DepthwiseWeight(taps, bias.Loose(), kernel, channels);
    }
}

internal sealed class CodecWeights
{
    private readonly IReadOnlyDictionary<string, Tensor> _tensors;
    private readonly string _path;

    private CodecWeights(IReadOnlyDictionary<string, Tensor> tensors, string path) => (_tensors, _path) = (tensors, path);

    /// <param name="parameters">By name, as a definition lists them.</param>
    public CodecWeights(IEnumerable<KeyValuePair<string, Tensor>> parameters)
        : this(parameters.ToDictionary(StringComparer.Ordinal), "")
    {
    }

    /// <summary>A tokenizer's weights, wherever it stands in its checkpoint.</summary>
    public static CodecWeights Of(Autoencoder autoencoder)
    {
        var mean = autoencoder.Parameters.First(parameter => ReferenceEquals(parameter.Value, autoencoder.LatentMean)).Key;
        var dot = mean.LastIndexOf('.');
        return new CodecWeights(autoencoder.Parameters.ToDictionary(StringComparer.Ordinal), dot < 0 ? "" : mean[..dot]);
    }

    public CodecWeights this[string name] => new(_tensors, _path.Length == 0 ? name : $"{_path}.{name}");

    public CodecWeights this[int index] => this[$"{index}"];

    public float[] Values(string name) => Tensor(name).ToSingles();

    /// <summary>A convolution: weight [outputs, kernel, inputs] and bias.</summary>
    public ConvolutionWeight Convolution()
    {
        var weight = Tensor("weight");
        return new ConvolutionWeight(weight.ToSingles(), Values("bias"), weight[1], weight[2]);
    }

    /// <summary>A linear layer: weight [outputs, inputs] and bias.</summary>
    public ConvolutionWeight Linear()
    {
        var weight = Tensor("weight");
        return new ConvolutionWeight(weight.ToSingles(), Values("bias"), 1, weight[1]);
    }

    /// <summary>A depthwise convolution: weight [channels, kernel, 1] and bias.</summary>
    public DepthwiseWeight Depthwise() => DepthwiseWeight.Of(Tensor("weight"), Tensor("bias"));

    /// <summary>Snake's slopes, which the definition stores as logarithms.</summary>
    public float[] Slopes() => Array.ConvertAll(Values("log_slope"), value => (float)Math.Exp(value));

    private Tensor Tensor(string name)
    {
        var path = this[name]._path;
        return _tensors.TryGetValue(path, out var tensor) ? tensor : throw new ArgumentException($"The codec's weights have no {path}.");
    }
}

internal static class ConvolutionWeights
{
    /// <summary>A tensor's values in an array of their own. Those that still lie in a file are read from there and the tensor stays empty.</summary>
    public static float[] Loose(this Tensor tensor)
    {
        if (tensor.Stored is not { } stored)
            return tensor.ToSingles();
        var values = new float[tensor.Count];
        stored.Read(values);
        return values;
    }

    /// <summary>Each output times a factor, folded in: one rounding per weight.</summary>
    public static ConvolutionWeight Scaled(this ConvolutionWeight weight, float[] factors)
    {
        var length = weight.Kernel * weight.Inputs;
        var scaled = new float[weight.Weight.Length];
        for (var output = 0; output < factors.Length; output++)
            TensorPrimitives.Multiply(weight.Weight.AsSpan(output * length, length), factors[output], scaled.AsSpan(output * length));
        var bias = new float[weight.Bias.Length];
        TensorPrimitives.Multiply(weight.Bias, factors, bias);
        return weight with { Weight = scaled, Bias = bias };
    }

    /// <summary>The first outputs alone.</summary>
    public static ConvolutionWeight First(this ConvolutionWeight weight, int outputs) =>
        weight with { Weight = weight.Weight[..(outputs * weight.Kernel * weight.Inputs)], Bias = weight.Bias[..outputs] };
}
