// The .NET API below the command.

using Ditar.Edge;
using Ditar.Reference.Files;
using Ditar.Reference.Kernels;

namespace Ditar.Tests.Edge;

[Collection(EdgeCollection.Name)]
public class SpeakerTests(EdgeFolder edge)
{
    [Fact]
    public void Chunks_come_patch_by_patch_and_make_whole_patches_of_each_utterance()
    {
        using var speaker = Speaker.Load(edge.Model, threads: 1);
        var chunks = speaker.Speak("Hello there. Open the door, please.").ToList();
        Assert.Equal(["hello there", "open the door please"], chunks.Where(chunk => chunk.Last).Select(chunk => chunk.Utterance.Text));
        foreach (var utterance in chunks.GroupBy(chunk => chunk.Utterance.Number))
        {
            Assert.Equal(Enumerable.Range(0, utterance.Count()), utterance.Select(chunk => chunk.Patch));
            Assert.Equal(utterance.Count() * speaker.PatchSamples, utterance.Sum(chunk => chunk.Samples.Length - chunk.Pause));
            Assert.Equal([true], utterance.Where(chunk => chunk.Last).Select(chunk => chunk == utterance.Last()));
        }

        Assert.Equal(4000, chunks.Sum(chunk => chunk.Pause));
        Assert.True(chunks.Single(chunk => chunk.Pause > 0) is { Utterance.Number: 0, Last: true } pause && pause.Samples.AsSpan()[^4000..].IndexOfAnyExcept(0f) < 0);
    }

    [Fact]
    public void Nothing_is_computed_before_it_is_asked_for_and_the_callers_kernels_stay()
    {
        using var speaker = Speaker.Load(edge.Endless);
        var before = KernelSet.Current;
        using var chunks = speaker.Speak("hello").GetEnumerator();
        Assert.True(chunks.MoveNext());
        Assert.Same(before, KernelSet.Current);
        // The look-ahead holds back most of the first patch; it is there as soon as the second one is.
        Assert.True(chunks.MoveNext() && chunks.Current.Patch == 1);
    }

    [Fact]
    public void Cancelling_between_chunks_ends_the_speech_and_keeps_what_was_given()
    {
        using var speaker = Speaker.Load(edge.Endless);
        using var source = new CancellationTokenSource();
        var given = 0;
        Assert.Throws<OperationCanceledException>(() =>
        {
            foreach (var chunk in speaker.Speak("hello hello hello", cancellation: source.Token))
            {
                given++;
                if (chunk.Patch == 2) source.Cancel();
            }
        });
        Assert.Equal(3, given);
    }

    [Fact]
    public void Each_utterance_has_noise_of_its_own_and_temperature_zero_has_none()
    {
        using var speaker = Speaker.Load(edge.Endless);
        var options = new SpeakOptions { SentencePause = TimeSpan.Zero };
        Assert.NotEqual(Sound(speaker, "hello", 0), Sound(speaker, "hello", 1));
        Assert.Equal(Sound(speaker, "hello", 0, temperature: 0), Sound(speaker, "hello", 1, temperature: 0));
        var twice = speaker.Speak("hello. hello.", options).GroupBy(chunk => chunk.Utterance.Number).Select(utterance => utterance.SelectMany(chunk => chunk.Samples).ToArray()).ToList();
        Assert.NotEqual(twice[0], twice[1]);
        Assert.Equal(Sound(speaker, "hello", 0), twice[0]);
        Assert.Equal(Sound(speaker, "hello", 1), twice[1]);
    }

    [Fact]
    public void Without_stored_voices_it_speaks_in_some_voice()
    {
        var folder = TinyCheckpoint.Write(Path.Combine(edge.Empty(), "model"), voices: false);
        using var speaker = Speaker.Load(folder);
        Assert.NotEmpty(speaker.Speak("hello").ToList());
        Assert.Contains("no stored voices", Assert.Throws<SpeechException>(() => speaker.FindVoice("ann")).Message);
    }

    [Fact]
    public void A_recording_at_the_models_rate_of_whole_patches_is_taken_as_it_is()
    {
        using var speaker = Speaker.Load(edge.Model);
        var sound = Enumerable.Range(0, 3 * speaker.PatchSamples).Select(i => 0.3f * MathF.Sin((i + 0.5f) * 0.2f)).ToArray();
        var notes = new List<string>();
        var voice = speaker.VoiceFrom(new WavAudio(sound, 16000, 1, []), "One, 2!", notes.Add);
        Assert.Empty(notes);
        Assert.Equal("one two", voice.Text);
        Assert.Equal([3, 4, 6], voice.Latents.Shape.ToArray());
        Assert.Throws<SpeechException>(() => speaker.VoiceFrom(new WavAudio(sound, 16000, 1, []), "?!"));
    }

    [Fact]
    public void Options_out_of_range_and_texts_without_words_are_refused_at_once()
    {
        using var speaker = Speaker.Load(edge.Model);
        Assert.Throws<SpeechException>(() => speaker.Speak(" "));
        Assert.Throws<SpeechException>(() => speaker.Speak(new string('a', Speaker.LongestText + 1)));
        Assert.Throws<ArgumentException>(() => speaker.Speak("hello", new SpeakOptions { Steps = 0 }));
        Assert.Throws<ArgumentException>(() => speaker.Speak("hello", new SpeakOptions { Temperature = double.NaN }));
        Assert.Throws<ArgumentOutOfRangeException>(() => speaker.Speak("hello", new SpeakOptions { LongestUtterance = 0 }));
    }

    private static float[] Sound(Speaker speaker, string text, ulong seed, double? temperature = null) =>
        [.. speaker.Speak(text, new SpeakOptions { Seed = seed, Temperature = temperature }).SelectMany(chunk => chunk.Samples)];
}
