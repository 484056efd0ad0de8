// One number for all weights: SHA-256 over each tensor's name and its float32 values, in the order of the names, model before VAE. It does not depend on how a
// file stores them (F16 or F32, order), only on what a float32 run reads.

using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Ditar.Reference;
using Ditar.Reference.Files;

namespace Ditar.Parity;

internal static class WeightHash
{
    public static string OfTensors(params IReadOnlyList<IReadOnlyDictionary<string, Tensor>> networks)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var network in networks)
        {
            foreach (var (name, tensor) in network.OrderBy(weight => weight.Key, StringComparer.Ordinal))
                Append(hash, name, tensor.Values<float>());
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public static string OfFiles(params IReadOnlyList<string> paths)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in paths)
        {
            using var file = SafetensorsFile.Open(path);
            foreach (var entry in file.Entries.OrderBy(entry => entry.Name, StringComparer.Ordinal))
            {
                var values = new float[entry.Count];
                file.ReadFloat32(entry.Name, values);
                Append(hash, entry.Name, values);
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Append(IncrementalHash hash, string name, ReadOnlySpan<float> values)
    {
        hash.AppendData(Encoding.UTF8.GetBytes($"{name}[{values.Length}]"));
        hash.AppendData(MemoryMarshal.AsBytes(values));
    }
}
