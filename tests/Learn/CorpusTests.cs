// The corpus: trimming and labels on invented phones; building, resuming and reading with flite where it is installed. Tests whose names
// begin with With_flite check nothing on a machine without flite; Flite_missing_is_said runs there instead.

using System.Text.Json;
using Ditar.Learn;
using Xunit.Abstractions;

namespace Ditar.Tests.Learn;

public sealed class CorpusTests(ITestOutputHelper output) : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("ditar-corpus-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private bool NoFlite()
    {
        if (Flite.IsInstalled) return false;
        output.WriteLine("NOT CHECKED: flite is not installed on this machine");
        return true;
    }

    // One second: a pause, "s" from 0.2 to 0.5, "eh" to 0.7, a pause.
    private static FliteUtterance Invented()
    {
        var samples = new short[16000];
        for (int i = 0; i < samples.Length; i++) samples[i] = (short)(i + 1);
        return new FliteUtterance(samples, [new("pau", 0.2), new("s", 0.5), new("eh", 0.7), new("pau", 1.0)]);
    }

    [Fact]
    public void Trimming_keeps_a_twentieth_before_and_a_tenth_after_and_pads_to_patches()
    {
        var trimmed = UtteranceTrim.Apply(Invented());
        // 0.15 s to 0.8 s is 10400 samples: 6.5 patches, padded to 7.
        Assert.Equal(7 * 1600, trimmed.Samples.Length);
        Assert.Equal(2400 + 1, trimmed.Samples[0]);
        Assert.Equal(2400 + 10400, trimmed.Samples[10399]);
        Assert.All(trimmed.Samples[10400..], s => Assert.Equal(0, s));
    }

    [Fact]
    public void Each_frame_has_the_phone_at_its_centre()
    {
        var phones = UtteranceTrim.Apply(Invented()).Phones;
        // Frame f is centred at 0.15 + (f + 0.5) / 40 s: pause in frames 0 and 1, "s" from frame 2 (0.2125 s) to 13 (0.4875 s), "eh" to 21 (0.6875 s).
        int[] expected = [.. Enumerable.Repeat(0, 2), .. Enumerable.Repeat(PhoneTable.NumberOf("s"), 12), .. Enumerable.Repeat(PhoneTable.NumberOf("eh"), 8), .. Enumerable.Repeat(0, 6)];
        Assert.Equal(expected, phones);
    }

    [Fact]
    public void Speech_at_the_very_start_and_end_is_kept_whole()
    {
        var trimmed = UtteranceTrim.Apply(new FliteUtterance(new short[1601], [new("s", 0.05), new("eh", 0.1)]));
        Assert.Equal(3200, trimmed.Samples.Length);
    }

    [Fact]
    public void An_utterance_without_speech_is_refused() =>
        Assert.Throws<CorpusException>(() => UtteranceTrim.Apply(new FliteUtterance(new short[1600], [new("pau", 0.1)])));

    [Fact]
    public void An_unknown_phone_is_named() =>
        Assert.Contains("'qq'", Assert.Throws<CorpusException>(() => UtteranceTrim.Apply(new FliteUtterance(new short[3200], [new("qq", 0.2)]))).Message);

    [Fact]
    public void Phone_lines_are_parsed()
    {
        Assert.Equal([new TimedPhone("pau", 0.197), new TimedPhone("s", 0.336)], Flite.ParsePhones("pau:0.197 s:0.336 \n"));
        Assert.Throws<FliteException>(() => Flite.ParsePhones("pau:0.197 nonsense"));
        Assert.Throws<FliteException>(() => Flite.ParsePhones("s:0.336 pau:0.197"));
    }

    [Fact]
    public void A_folder_without_a_corpus_is_refused_with_the_command_that_helps() =>
        Assert.Contains("ditar-learn corpus -o", Assert.Throws<CorpusException>(() => Corpus.Load(folder)).Message);

    [Fact]
    public void Flite_missing_is_said()
    {
        if (Flite.IsInstalled) return; // here the With_flite tests speak instead
        Assert.Contains("install it", Assert.Throws<FliteException>(() => new Flite()).Message);
    }

    [Fact]
    public void With_flite_a_corpus_is_built_and_read()
    {
        if (NoFlite()) return;
        var recipe = new CorpusRecipe { Texts = 20, Voices = ["slt", "rms"], Seed = 5 };
        CorpusBuilder.Build(folder, recipe, workers: 2);
        var corpus = Corpus.Load(folder);

        Assert.Equal(SentenceGenerator.Generate(20, 5).Select(t => (t.Text, t.Kind)), corpus.Utterances.Select(u => (u.Text, u.Kind)));
        Assert.Equal(4, corpus.Select(CorpusSplit.HeldOut).Count());
        Assert.Equal(10, corpus.Select(CorpusSplit.Train, voice: "slt").Count() + corpus.Select(CorpusSplit.HeldOut, voice: "slt").Count());
        Assert.All(corpus.Utterances, u =>
        {
            var audio = corpus.Audio(u);
            Assert.InRange(audio.Max(MathF.Abs), 0.05f, 1f);
            Assert.Equal(u.Samples / 400, u.Phones.Length);
            // Speech begins 0.05 s in: two frames of pause, then a phone, and the end is a pause again.
            Assert.Equal(0, u.Phones[0]);
            Assert.NotEqual(0, u.Phones[2]);
            Assert.Equal(0, u.Phones[^1]);
        });
    }

    [Fact]
    public void With_flite_a_stopped_build_goes_on_to_the_same_files()
    {
        if (NoFlite()) return;
        var recipe = new CorpusRecipe { Texts = 140, Voices = ["slt"], Seed = 3, RateSpread = 0.1, PitchSpread = 0.1 };
        string whole = Path.Combine(folder, "whole"), stopped = Path.Combine(folder, "stopped");
        CorpusBuilder.Build(whole, recipe, workers: 2);

        using var cancel = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => CorpusBuilder.Build(stopped, recipe, 1, p => cancel.Cancel(), cancel.Token));
        Assert.Throws<CorpusException>(() => Corpus.Load(stopped));
        // As if killed while writing: half an index line, and audio that no line speaks of.
        File.AppendAllText(Path.Combine(stopped, Corpus.IndexFile), "{\"id\":64,\"te");
        File.AppendAllText(Path.Combine(stopped, Corpus.AudioFile), "half");
        CorpusBuilder.Build(stopped, recipe, workers: 2);

        foreach (string file in (string[])[Corpus.HeaderFile, Corpus.IndexFile, Corpus.AudioFile])
            Assert.Equal(File.ReadAllBytes(Path.Combine(whole, file)), File.ReadAllBytes(Path.Combine(stopped, file)));
    }

    [Fact]
    public void With_flite_another_recipe_in_the_same_folder_is_refused()
    {
        if (NoFlite()) return;
        CorpusBuilder.Build(folder, new CorpusRecipe { Texts = 2, Seed = 3 }, workers: 1);
        Assert.Throws<CorpusException>(() => CorpusBuilder.Build(folder, new CorpusRecipe { Texts = 2, Seed = 4 }, workers: 1));
    }

    [Fact]
    public void With_flite_damaged_corpora_are_refused()
    {
        if (NoFlite()) return;
        CorpusBuilder.Build(folder, new CorpusRecipe { Texts = 3 }, workers: 1);
        string audio = Path.Combine(folder, Corpus.AudioFile), index = Path.Combine(folder, Corpus.IndexFile);
        byte[] goodAudio = File.ReadAllBytes(audio);
        string[] goodIndex = File.ReadAllLines(index);

        File.WriteAllBytes(audio, goodAudio[..^2]);
        Assert.Contains("bytes by the index", Assert.Throws<CorpusException>(() => Corpus.Load(folder)).Message);
        File.WriteAllBytes(audio, goodAudio);

        File.WriteAllLines(index, goodIndex[..2]);
        Assert.Contains("expected 3 utterances", Assert.Throws<CorpusException>(() => Corpus.Load(folder)).Message);
        var first = JsonSerializer.Deserialize(goodIndex[0], CorpusJson.Default.CorpusUtterance)!;
        foreach (var wrong in (CorpusUtterance[])[first with { Samples = -1600 }, first with { Offset = 1600 }, first with { Phones = [] }, first with { Samples = int.MaxValue }])
        {
            File.WriteAllLines(index, [JsonSerializer.Serialize(wrong, CorpusJson.Default.CorpusUtterance), .. goodIndex[1..]]);
            Assert.Throws<CorpusException>(() => Corpus.Load(folder));
        }

        File.WriteAllLines(index, ["{", .. goodIndex[1..]]);
        Assert.Throws<CorpusException>(() => Corpus.Load(folder));
    }

    [Fact]
    public void With_flite_unknown_voices_and_unspeakable_texts_are_refused()
    {
        if (NoFlite()) return;
        using var flite = new Flite();
        Assert.Contains("no voice", Assert.Throws<FliteException>(() => flite.Speak("hello", new FliteVoice("http://somewhere"))).Message);
        Assert.Contains("U+002C", Assert.Throws<FliteException>(() => flite.Speak("one, two", new FliteVoice("slt"))).Message);
        Assert.Throws<FliteException>(() => flite.Speak(" ", new FliteVoice("slt")));
    }

    [Theory]
    [InlineData("slt")]
    [InlineData("rms")]
    [InlineData("awb")]
    [InlineData("kal16")]
    public void With_flite_every_voice_speaks_phones_of_the_table(string voice)
    {
        if (NoFlite()) return;
        using var flite = new Flite();
        var said = flite.Speak("the quick brown fox jumps over the lazy dog measure boy church thing A Z", new FliteVoice(voice));
        // kal16 joins whole pitch periods, so its audio may differ from its phone times by a few percent; the other voices are exact.
        Assert.InRange(said.Phones[^1].End * Flite.SampleRate / said.Samples.Length, 0.96, 1.04);
        Assert.True(UtteranceTrim.Apply(said).Phones.Distinct().Count() > 25);
    }

    [Fact]
    public void With_flite_rate_and_pitch_can_be_set()
    {
        if (NoFlite()) return;
        using var flite = new Flite();
        var plain = flite.Speak("seven three nine", new FliteVoice("slt"));
        var slow = flite.Speak("seven three nine", new FliteVoice("slt", Stretch: 1.3));
        Assert.InRange(slow.Phones[^2].End / plain.Phones[^2].End, 1.2, 1.4);
        Assert.NotEqual(plain.Samples, flite.Speak("seven three nine", new FliteVoice("slt", Pitch: 140)).Samples);
    }
}
