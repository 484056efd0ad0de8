// A folder with the names, files, shapes and number types of a released checkpoint and weights from a seed, so that the real loader and the real sizes can be
// tried without the weights: the voice is noise. 0.5B has its model in pytorch_model.bin, the others in safetensors; all have the VAE in audiovae.pth.
// Everything is streamed; each tensor is drawn by its name, so any one of them can be drawn again.

using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Ditar.Reference.Files;
using Ditar.Reference.Randomness;

namespace Ditar.Reference.VoxCpm;

public static class MadeUpCheckpoint
{
    private const int Chunk = 1 << 14;

    /// <param name="name">"0.5B", "1.5" or "2".</param>
    /// <param name="folder">Created where it is not there; files of these names are replaced.</param>
    /// <param name="progress">Told of each tensor.</param>
    public static void Write(string name, string folder, ulong seed = 0, IProgress<string>? progress = null)
    {
        var text = OfficialConfigs.Named(name);
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, VoxCpmCheckpoint.ConfigFile);
        AtomicFile.Write(path, Encoding.UTF8.GetBytes(text));
        Write(VoxCpmConfig.Read(path), folder, bin: name == "0.5B", seed, progress);
    }

    /// <param name="config">Of the config.json that is in the folder.</param>
    /// <param name="bin">pytorch_model.bin instead of model.safetensors.</param>
    public static void Write(VoxCpmConfig config, string folder, bool bin, ulong seed, IProgress<string>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        AtomicFile.Write(Path.Combine(folder, "tokenizer.json"), Tokenizer(config.Vocabulary));
        var type = config.NumberType switch { "float32" => SafetensorsType.F32, "float16" => SafetensorsType.F16, _ => SafetensorsType.BF16 };
        var stored = VoxCpmLayout.Of(config).Select(tensor => (tensor.Name, tensor.Shape)).ToList();
        if (bin)
        {
            var writer = new TorchWriter();
            foreach (var (name, shape) in stored) writer.Add(name, [.. shape], type, Draw(seed, name, shape, type, progress));
            writer.Save(Path.Combine(folder, VoxCpmCheckpoint.ModelFiles[1]));
        }
        else
        {
            var writer = new SafetensorsWriter { Metadata = { ["format"] = "pt" } };
            foreach (var (name, shape) in stored) writer.Add(name, [.. shape], type, Draw(seed, name, shape, type, progress));
            writer.Save(Path.Combine(folder, VoxCpmCheckpoint.ModelFiles[0]));
        }

        var vae = new TorchWriter();
        foreach (var tensor in AudioVaeLayout.Of(config.Vae))
        {
            if (tensor.Kind == OfficialTensorKind.Integer)
            {
                int[] boundaries = [.. config.Vae.RateCondition!.Boundaries];
                vae.Add(tensor.Name, [.. tensor.Shape], SafetensorsType.I32, stream => stream.Write(MemoryMarshal.AsBytes(boundaries.AsSpan())));
                continue;
            }

            foreach (var (name, shape) in tensor.Stored()) vae.Add(name, [.. shape], SafetensorsType.F32, Draw(seed, name, shape, SafetensorsType.F32, progress));
        }

        vae.Save(Path.Combine(folder, VoxCpmCheckpoint.VaeFiles[1]));
    }

    // Magnitudes that keep signals alive: gains and slopes near one, biases small, matrices of unit gain.
    private static Action<Stream> Draw(ulong seed, string name, IReadOnlyList<long> shape, SafetensorsType type, IProgress<string>? progress) => stream =>
    {
        progress?.Report(name);
        var count = shape.Aggregate(1L, (product, extent) => product * extent);
        var near = name.EndsWith("norm.weight", StringComparison.Ordinal) || name.EndsWith("weight_g", StringComparison.Ordinal)
            || name.EndsWith(".alpha", StringComparison.Ordinal) || name.Contains("scale_embed", StringComparison.Ordinal);
        var fan = shape.Count < 2 ? 1 : (double)count / shape[0];
        var (mean, deviation) = near ? (1f, 0.05f) : (0f, shape.Count < 2 || name.Contains("bias_embed", StringComparison.Ordinal) ? 0.02f : (float)(1 / Math.Sqrt(fan)));
        if (name == "base_lm.embed_tokens.weight") deviation = 1;
        var (draws, bytes) = (new float[Chunk], new byte[Chunk * 4]);
        var draw = StreamOf(name);
        for (long done = 0; done < count; done += Chunk)
        {
            var part = draws.AsSpan(0, (int)Math.Min(Chunk, count - done));

            // Uniforms of the same deviation: a Gaussian's tails cost ten times as long for billions of weights that no one listens to.
            UniformSource.FillUniform(seed, draw, (ulong)done, part);
            foreach (ref var x in part) x = mean + (((2 * x) - 1) * deviation * 1.7320508f);
            stream.Write(bytes.AsSpan(0, Convert(part, bytes, type)));
        }
    };

    private static int Convert(ReadOnlySpan<float> values, Span<byte> bytes, SafetensorsType type)
    {
        switch (type)
        {
            case SafetensorsType.F32:
                MemoryMarshal.AsBytes(values).CopyTo(bytes);
                break;
            case SafetensorsType.F16:
                System.Numerics.Tensors.TensorPrimitives.ConvertToHalf(values, MemoryMarshal.Cast<byte, Half>(bytes));
                break;
            default:
                var halves = MemoryMarshal.Cast<byte, ushort>(bytes);
                for (var i = 0; i < values.Length; i++) halves[i] = BFloat16.FromSingle(values[i]);
                break;
        }

        return values.Length * type.ByteSize();
    }

    // Every character a token where the vocabulary has room, the rest bytes; ids 101 to 104 are the markers of speech.
    private static byte[] Tokenizer(int size)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteStartArray("added_tokens");
            foreach (var (id, content) in Markers)
            {
                json.WriteStartObject();
                json.WriteNumber("id", id);
                json.WriteString("content", content);
                json.WriteBoolean("special", true);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WritePropertyName("normalizer");
            json.WriteRawValue("""{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"\u2581"},{"type":"Replace","pattern":{"String":" "},"content":"\u2581"}]}""");
            json.WriteNull("pre_tokenizer");
            json.WriteStartObject("model");
            json.WriteString("type", "BPE");
            json.WriteString("unk_token", "<unk>");
            json.WriteBoolean("fuse_unk", true);
            json.WriteBoolean("byte_fallback", true);
            json.WriteStartObject("vocab");
            var markers = Markers.ToDictionary(marker => marker.Id, marker => marker.Content);
            using var characters = Characters().GetEnumerator();
            for (var (id, value) = (0, 0); id < size; id++)
            {
                if (markers.TryGetValue(id, out var marker)) json.WriteNumber(marker, id);
                else if (value < 256) json.WriteNumber(string.Create(CultureInfo.InvariantCulture, $"<0x{value++:X2}>"), id);
                else if (characters.MoveNext()) json.WriteNumber(characters.Current.ToString(), id);
            }

            json.WriteEndObject();
            json.WriteStartArray("merges");
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return bytes.ToArray();
    }

    private static readonly (int Id, string Content)[] Markers =
    [
        (0, "<unk>"), (1, "<s>"), (2, "</s>"), (101, "<|audio_start|>"), (102, "<|audio_end|>"), (103, "<|audio_prompt_start|>"), (104, "<|audio_prompt_end|>"),
    ];

    private static IEnumerable<char> Characters()
    {
        yield return '\u2581';
        for (var c = '!'; c <= '~'; c++) yield return c;
        for (var c = '\u00a1'; c <= '\u024f'; c++) yield return c;
        for (var c = '\u3001'; c <= '\u30ff'; c++) yield return c;
        for (var c = '\u4e00'; c <= '\u9fff'; c++) yield return c;
    }

    // FNV-1a.
    private static ulong StreamOf(string name)
    {
        var hash = 14695981039346656037UL;
        foreach (var character in name) hash = (hash ^ character) * 1099511628211UL;
        return hash;
    }
}
