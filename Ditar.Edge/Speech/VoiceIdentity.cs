// Which models a stored voice fits: those with the same speech tokenizer, whose latents it is made of. The identity is a digest of the tokenizer's
// configuration, of the names and shapes of its weights and of the first bytes of each: enough to tell any two models apart, and quick even for 300 MB.
// Fine-tuned models that keep their tokenizer keep their voices.

using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ditar.Reference.Files;
using Ditar.Reference.VoxCpm;

namespace Ditar.Edge;

internal static class VoiceIdentity
{
    private const int BytesOfEach = 1024;

    /// <returns>64 hexadecimal digits.</returns>
    /// <exception cref="CheckpointException">The folder's weights are missing or damaged.</exception>
    public static string Of(string folder, VoxCpmConfig config)
    {
        using var weights = VoxCpmCheckpoint.OpenVae(folder);
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add($"{config.Version} {config.PatchSize} {config.LatentDim} {config.Vae.SampleRate} {config.Vae.OutputRate}");
        foreach (var entry in weights.Entries.OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            Add($"{entry.Name} {entry.Type} {CheckpointException.Shape(entry.Shape)}");
            var size = entry.Type.ByteSize();
            var bytes = new byte[Math.Min(entry.ByteLength, BytesOfEach / size * size)];
            weights.ReadBytes(entry.Name, 0, bytes);
            digest.AppendData(bytes);
        }

        return Convert.ToHexStringLower(digest.GetHashAndReset());

        void Add(FormattableString text) => digest.AppendData(Encoding.UTF8.GetBytes(text.ToString(CultureInfo.InvariantCulture) + "\n"));
    }

    /// <summary>For the user's eyes.</summary>
    public static string ModelName(VoxCpmConfig config) =>
        string.Create(CultureInfo.InvariantCulture, $"VoxCPM{(config.Version == VoxCpmVersion.Two ? " 2" : "")} of {config.Base.Layers} layers, {config.Vae.SampleRate} Hz");
}
