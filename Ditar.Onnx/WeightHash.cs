// One number for all weights: SHA-256 over each tensor's name and its float32 values, in the order of the names, model before VAE. It does not depend on how a
// file stores them (F16 or F32, order), only on what a float32 run reads. Exports and recorded runs carry it, so that graphs of another checkpoint of the same
// sizes are known for what they are.

using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Ditar.Reference;
using Ditar.Reference.Speech;
using Ditar.Reference.Vae;
using Ditar.Reference.VoxCpm;

namespace Ditar.Onnx;

public static class WeightHash
{
    private const int HexDigits = 2 * SHA256.HashSizeInBytes;

    /// <summary>The weights of a checkpoint, or random ones.</summary>
    /// <param name="model">In float32.</param>
    /// <param name="autoencoder">In float32.</param>
    /// <returns>64 hexadecimal digits in lower case.</returns>
    public static string Of(DitarModel model, Autoencoder autoencoder)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(autoencoder);
        return Of(model.Parameters, autoencoder.Parameters);
    }

    /// <inheritdoc cref="Of(DitarModel, Autoencoder)"/>
    public static string Of(VoxCpmModel model, AudioVae autoencoder)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(autoencoder);
        return Of(model.Parameters, autoencoder.Parameters);
    }

    private static string Of(params ReadOnlySpan<IReadOnlyList<KeyValuePair<string, Tensor>>> networks)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        float[] read = [];
        foreach (var network in networks)
        {
            foreach (var (name, tensor) in network.OrderBy(weight => weight.Key, StringComparer.Ordinal))
            {
                hash.AppendData(Encoding.UTF8.GetBytes($"{name}[{tensor.Count}]"));
                hash.AppendData(MemoryMarshal.AsBytes(Values(tensor, ref read)));
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    // What still lies in a file is read for this and let go: a large model need not come into memory to be known.
    private static ReadOnlySpan<float> Values(Tensor tensor, ref float[] read)
    {
        if (tensor.Stored is not { } stored) return tensor.Values<float>();
        if (read.Length < tensor.Count) read = new float[tensor.Count];
        var values = read.AsSpan(0, tensor.Count);
        stored.Read(values);
        return values;
    }

    internal static bool IsOne(string text) => text.Length == HexDigits && text.All(char.IsAsciiHexDigitLower);
}
