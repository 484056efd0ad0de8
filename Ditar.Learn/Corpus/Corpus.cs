// A corpus on disk: corpus.json (what it is), index.jsonl (one utterance a line), audio.s16 (all audio, 16-bit little-endian, end to end).
// corpus.json is written last, so a folder that has it is complete. Audio stays 16-bit in memory: an hour is 115 MB.

using System.Runtime.InteropServices;
using System.Text.Json;

namespace Ditar.Learn;

/// <summary>A complete corpus in memory; immutable, safe to read from several threads.</summary>
public sealed class Corpus
{
    public const string HeaderFile = "corpus.json";
    public const string IndexFile = "index.jsonl";
    public const string AudioFile = "audio.s16";

    /// <summary>The layout that this code writes and reads.</summary>
    public const int Version = 1;

    // One array for each utterance: no .NET array holds more than 2^31 samples, and hours of speech may.
    private readonly short[][] audio;

    private Corpus(CorpusHeader header, CorpusUtterance[] utterances, short[][] audio)
    {
        Header = header;
        Utterances = utterances;
        this.audio = audio;
    }

    public CorpusHeader Header { get; }

    /// <summary>All utterances, by id.</summary>
    public IReadOnlyList<CorpusUtterance> Utterances { get; }

    /// <summary>Seconds of audio in all.</summary>
    public double Seconds => Utterances.Sum(u => (double)u.Samples) / Header.SampleRate;

    /// <summary>Utterances of a split, optionally of one kind and one voice.</summary>
    public IEnumerable<CorpusUtterance> Select(CorpusSplit split, TextKind? kind = null, string? voice = null) =>
        Utterances.Where(u => u.Split == split && (kind is null || u.Kind == kind) && (voice is null || u.Voice == voice));

    /// <summary>The 16-bit audio of an utterance.</summary>
    public ReadOnlySpan<short> Pcm(CorpusUtterance utterance) => audio[utterance.Id];

    /// <summary>Writes an utterance's audio, scaled to -1..1, to the start of <paramref name="destination"/>.</summary>
    /// <param name="utterance">One of <see cref="Utterances"/>.</param>
    /// <param name="destination">[samples or more].</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short.</exception>
    public void Audio(CorpusUtterance utterance, Span<float> destination)
    {
        ArgumentNullException.ThrowIfNull(utterance);
        var pcm = audio[utterance.Id];
        if (destination.Length < pcm.Length)
            throw new ArgumentException($"expected room for {pcm.Length} samples of utterance {utterance.Id}, found {destination.Length}", nameof(destination));
        for (int i = 0; i < pcm.Length; i++) destination[i] = pcm[i] * (1f / 32768);
    }

    /// <summary>An utterance's audio, scaled to -1..1, as a new array.</summary>
    public float[] Audio(CorpusUtterance utterance)
    {
        ArgumentNullException.ThrowIfNull(utterance);
        var samples = new float[utterance.Samples];
        Audio(utterance, samples);
        return samples;
    }

    /// <summary>Reads a corpus folder.</summary>
    /// <exception cref="CorpusException">No complete corpus is there, or its files contradict each other.</exception>
    public static Corpus Load(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        string headerPath = Path.Combine(folder, HeaderFile);
        if (!File.Exists(headerPath))
            throw new CorpusException($"{headerPath}: not found, so the folder holds no complete corpus; make one with: ditar-learn corpus -o {folder}");
        try
        {
            var header = JsonSerializer.Deserialize(File.ReadAllText(headerPath), CorpusJson.Default.CorpusHeader)
                ?? throw new CorpusException($"{headerPath}: expected an object, found null");
            if (header.Version != Version) throw new CorpusException($"{headerPath}: expected version {Version}, found {header.Version}");
            if (!header.Phones.SequenceEqual(PhoneTable.Symbols)) throw new CorpusException($"{headerPath}: its phone table is not this program's");
            var utterances = ReadIndex(Path.Combine(folder, IndexFile));
            if (utterances.Length != header.Recipe.Texts)
                throw new CorpusException($"{folder}: expected {header.Recipe.Texts} utterances, found {utterances.Length} in {IndexFile}");
            return new Corpus(header, utterances, ReadAudio(Path.Combine(folder, AudioFile), utterances));
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new CorpusException($"{folder}: unreadable: {e.Message}", e);
        }
    }

    /// <summary>Reads index lines and checks that they follow one another without gap or overlap.</summary>
    internal static CorpusUtterance[] ReadIndex(string path)
    {
        var utterances = new List<CorpusUtterance>();
        long offset = 0;
        foreach (string line in File.ReadLines(path))
        {
            var u = JsonSerializer.Deserialize(line, CorpusJson.Default.CorpusUtterance) ?? throw new CorpusException($"{path}: line {utterances.Count + 1} is null");
            if (u.Id != utterances.Count || u.Offset != offset)
                throw new CorpusException($"{path}: expected utterance {utterances.Count} at sample {offset}, found {u.Id} at {u.Offset}");
            if (u.Samples <= 0 || u.Samples % UtteranceTrim.PatchSamples != 0 || u.Phones.Length != u.Samples / UtteranceTrim.FrameSamples)
                throw new CorpusException($"{path}: utterance {u.Id}: expected whole patches of {UtteranceTrim.PatchSamples} samples and a phone for each "
                    + $"{UtteranceTrim.FrameSamples}, found {u.Samples} samples and {u.Phones.Length} phones");
            offset = checked(offset + u.Samples);
            utterances.Add(u);
        }

        return [.. utterances];
    }

    private static short[][] ReadAudio(string path, CorpusUtterance[] utterances)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20);
        long expected = utterances.Sum(u => (long)u.Samples) * sizeof(short);
        if (stream.Length != expected) throw new CorpusException($"{path}: expected {expected} bytes by the index, found {stream.Length}");
        if (!BitConverter.IsLittleEndian) throw new PlatformNotSupportedException("corpus audio is little-endian");
        var audio = new short[utterances.Length][];
        for (int i = 0; i < audio.Length; i++)
        {
            audio[i] = GC.AllocateUninitializedArray<short>(utterances[i].Samples);
            stream.ReadExactly(MemoryMarshal.AsBytes(audio[i].AsSpan()));
        }

        return audio;
    }
}
