// Makes a corpus: texts from the generator, speech from flite in several processes, written in the order of the texts, so that the files do
// not depend on the number of workers. Stopped at any moment it goes on from the last whole utterance. corpus.json comes last.

using System.Runtime.InteropServices;
using System.Text.Json;

namespace Ditar.Learn;

/// <summary>How far a corpus is.</summary>
/// <param name="Done">Utterances written.</param>
/// <param name="Total">Utterances in all.</param>
/// <param name="Seconds">Seconds of audio written.</param>
public readonly record struct CorpusProgress(int Done, int Total, double Seconds);

/// <summary>Builds or completes a corpus folder.</summary>
public static class CorpusBuilder
{
    // Utterances made between two writes: enough to keep the workers busy, few enough that little is lost on a stop.
    private const int BatchSize = 64;

    // The mean F0 of the voices as flite speaks them (median of 40 sentences, in Hz); the pitch spread varies around it. rms is not here: flite
    // takes no pitch for it, whatever one sets.
    private static readonly Dictionary<string, double> MeanPitch = new() { ["slt"] = 174, ["awb"] = 131, ["kal16"] = 94 };

    private const string PartialHeaderFile = "corpus.partial.json";

    /// <summary>Makes the corpus, or what is missing of it.</summary>
    /// <param name="folder">Created when missing.</param>
    /// <param name="recipe">What to make; a folder begun with another recipe is refused.</param>
    /// <param name="workers">Number of flite processes at a time.</param>
    /// <param name="progress">Called after each batch, on the calling thread.</param>
    /// <exception cref="CorpusException">The folder holds another corpus or files that contradict each other.</exception>
    /// <exception cref="FliteException">flite is missing or failed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; what was written stays valid for the next call.</exception>
    public static void Build(string folder, CorpusRecipe recipe, int workers, Action<CorpusProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(workers);
        Check(recipe);
        var header = new CorpusHeader { Version = Corpus.Version, Recipe = recipe, Phones = PhoneTable.Symbols };
        string headerJson = JsonSerializer.Serialize(header, CorpusJson.Default.CorpusHeader);
        Directory.CreateDirectory(folder);
        if (IsComplete(folder, headerJson)) return;
        BeginUnlessBegun(folder, headerJson);

        using var flite = new Flite();
        foreach (string voice in recipe.Voices)
            if (!flite.Voices.Contains(voice)) throw new FliteException($"flite has no voice '{voice}'; it has {string.Join(", ", flite.Voices.Order())}");

        using var index = new FileStream(Path.Combine(folder, Corpus.IndexFile), FileMode.OpenOrCreate, FileAccess.ReadWrite);
        using var audio = new FileStream(Path.Combine(folder, Corpus.AudioFile), FileMode.OpenOrCreate, FileAccess.ReadWrite);
        var (done, offset) = Resume(index, audio);

        var texts = SentenceGenerator.Generate(recipe.Texts, recipe.Seed);
        int firstHeldOut = texts.Count - SentenceGenerator.HeldOutCount(texts.Count);
        var options = new ParallelOptions { MaxDegreeOfParallelism = workers, CancellationToken = cancellation };
        while (done < texts.Count)
        {
            int from = done;
            var batch = new TrimmedUtterance[Math.Min(BatchSize, texts.Count - from)];
            try
            {
                Parallel.For(0, batch.Length, options, i => batch[i] = Speak(flite, texts[from + i], recipe, from + i, cancellation));
            }
            catch (AggregateException e)
            {
                cancellation.ThrowIfCancellationRequested();
                throw e.InnerExceptions.FirstOrDefault(inner => inner is FliteException or CorpusException) ?? e;
            }

            for (int i = 0; i < batch.Length; i++)
            {
                int id = from + i;
                var utterance = new CorpusUtterance
                {
                    Id = id,
                    Text = texts[id].Text,
                    Kind = texts[id].Kind,
                    Voice = VoiceOf(recipe, id),
                    Split = id < firstHeldOut ? CorpusSplit.Train : CorpusSplit.HeldOut,
                    Offset = offset,
                    Samples = batch[i].Samples.Length,
                    Phones = batch[i].Phones,
                };
                offset += utterance.Samples;
                audio.Write(MemoryMarshal.AsBytes(batch[i].Samples.AsSpan()));
                JsonSerializer.Serialize(index, utterance, CorpusJson.Default.CorpusUtterance);
                index.WriteByte((byte)'\n');
            }

            // Audio first: an index line must never speak of audio that is not there.
            audio.Flush();
            index.Flush();
            done += batch.Length;
            progress?.Invoke(new CorpusProgress(done, texts.Count, (double)offset / Flite.SampleRate));
        }

        audio.Flush(flushToDisk: true);
        index.Flush(flushToDisk: true);
        File.Move(Path.Combine(folder, PartialHeaderFile), Path.Combine(folder, Corpus.HeaderFile));
    }

    private static void Check(CorpusRecipe recipe)
    {
        if (recipe.Texts is < 1 or > 1_000_000) throw new CorpusException($"expected 1 to 1000000 texts, found {recipe.Texts}");
        if (recipe.Voices.Count == 0) throw new CorpusException("expected at least one voice, found none");
        if (recipe.RateSpread is not (>= 0 and <= 0.5)) throw new CorpusException($"expected a rate spread of 0 to 0.5, found {recipe.RateSpread}");
        if (recipe.PitchSpread is not (>= 0 and <= 0.5)) throw new CorpusException($"expected a pitch spread of 0 to 0.5, found {recipe.PitchSpread}");
    }

    // True when the finished corpus is there.
    private static bool IsComplete(string folder, string headerJson)
    {
        string path = Path.Combine(folder, Corpus.HeaderFile);
        if (!File.Exists(path)) return false;
        DemandSame(path, headerJson);
        return true;
    }

    // Leaves a partial header that says what is being made, unless it is there already.
    private static void BeginUnlessBegun(string folder, string headerJson)
    {
        string path = Path.Combine(folder, PartialHeaderFile);
        if (File.Exists(path))
        {
            DemandSame(path, headerJson);
            return;
        }

        foreach (string name in (string[])[Corpus.IndexFile, Corpus.AudioFile])
            if (File.Exists(Path.Combine(folder, name))) throw new CorpusException($"{Path.Combine(folder, name)}: in the way, and not part of a corpus begun here");
        File.WriteAllText(path + ".new", headerJson);
        File.Move(path + ".new", path, overwrite: true);
    }

    private static void DemandSame(string path, string headerJson)
    {
        if (File.ReadAllText(path) != headerJson)
            throw new CorpusException($"{path}: another corpus (other texts, voices, seed or spread) was begun here; choose another folder or delete this one");
    }

    // Keeps the whole index lines whose audio is there, cuts off the rest.
    private static (int Done, long Offset) Resume(FileStream index, FileStream audio)
    {
        int done = 0;
        long offset = 0, indexEnd = 0;
        using (var reader = new StreamReader(index, leaveOpen: true))
        {
            string content = reader.ReadToEnd();
            for (int start = 0, end; (end = content.IndexOf('\n', start)) >= 0; start = end + 1)
            {
                var u = JsonSerializer.Deserialize(content.AsSpan(start, end - start), CorpusJson.Default.CorpusUtterance);
                if (u is null || u.Id != done || u.Offset != offset)
                    throw new CorpusException($"{index.Name}: expected utterance {done} at sample {offset}, found {u?.Id} at {u?.Offset}");
                if ((offset + u.Samples) * sizeof(short) > audio.Length) break;
                offset += u.Samples;
                done++;
                indexEnd = end + 1; // Every character of the index is one byte: the texts are ASCII.
            }
        }

        index.SetLength(indexEnd);
        audio.SetLength(offset * sizeof(short));
        index.Seek(0, SeekOrigin.End);
        audio.Seek(0, SeekOrigin.End);
        return (done, offset);
    }

    private static string VoiceOf(CorpusRecipe recipe, int id) => recipe.Voices[id % recipe.Voices.Count];

    private static TrimmedUtterance Speak(Flite flite, CorpusText text, CorpusRecipe recipe, int id, CancellationToken cancellation)
    {
        var random = TextRandom.For(recipe.Seed, id + 1L); // 0 is the text generator's own
        string voice = VoiceOf(recipe, id);
        double stretch = 1 + recipe.RateSpread * (2 * random.NextUnit() - 1);
        double pitch = 1 + recipe.PitchSpread * (2 * random.NextUnit() - 1);
        var setting = new FliteVoice(voice, stretch, recipe.PitchSpread > 0 && MeanPitch.TryGetValue(voice, out double mean) ? mean * pitch : null);
        try
        {
            return UtteranceTrim.Apply(flite.Speak(text.Spoken, setting, cancellation));
        }
        catch (CorpusException e)
        {
            throw new CorpusException($"text {id}, '{text.Text}': {e.Message}", e);
        }
    }
}
