// Speaking with official VoxCPM folders as a library: one voice through a long text, second attempts, and a reference that is read once. The recorded
// checkpoints speak noise; what is asked is what depends on what, and which runs are equal to the last bit.

using Ditar.Edge;
using Ditar.Reference.Diffusion;
using Ditar.Reference.VoxCpm;

namespace Ditar.Tests.Edge;

public class OfficialSpeakerTests
{
    private const string Long = "One two three. Four five six. Seven eight nine.";

    [Theory]
    [InlineData("voxcpm-v1-tiny")]
    [InlineData("voxcpm-v2-tiny")]
    public void Later_utterances_take_the_voice_of_the_first_or_the_one_that_is_given(string name)
    {
        using var speaker = Load(name);
        var options = new OfficialSpeakOptions { Steps = 2, Seed = 3, LongestUtterance = 18 };
        Assert.Equal(["One two three.", "Four five six.", "Seven eight nine."], OfficialSpeaker.Utterances(Long, options).Select(utterance => utterance.Text));
        var other = Long.Replace("One two", "Six ten", StringComparison.Ordinal);

        // Made up with the first utterance: another first utterance is another voice.
        Assert.NotEqual(Third(Long, options), Third(other, options));
        var given = options with { Voice = speaker.VoiceFrom(prompt: Path.Combine(Golden(name), "prompt.wav"), promptText: "one ") };
        var alone = Third(Long, given);
        Assert.Equal(alone, Third(other, given));
        Assert.NotEqual(alone, Third(Long, options));

        float[] Third(string text, OfficialSpeakOptions how) =>
            [.. speaker.Speak(text, how).Where(chunk => chunk.Utterance.Number == 2).SelectMany(chunk => chunk.Samples)];
    }

    [Theory]
    [InlineData(BackendKind.Definition)]
    [InlineData(BackendKind.Simd)]
    public void A_reference_is_read_once_and_changes_nothing(BackendKind kind)
    {
        using var speaker = Load("voxcpm-v2-tiny", kind);
        var voice = speaker.VoiceFrom(reference: Path.Combine(Golden("voxcpm-v2-tiny"), "reference.wav"));
        var options = new OfficialSpeakOptions { Steps = 2, Voice = voice };
        Assert.Equal(0, speaker.KeptPositions);
        var first = Sound(speaker.Speak("hello there", options));
        Assert.Equal(voice.Reference![0] + 2, speaker.KeptPositions);
        _ = Sound(speaker.Speak("another text", options));
        Assert.Equal(first, Sound(speaker.Speak("hello there", options)));
        using var fresh = Load("voxcpm-v2-tiny", kind);
        Assert.Equal(first, Sound(fresh.Speak("hello there", options)));

        // Utterances give back what they take: the memory does not grow with their number.
        var held = speaker.NativeBytes;
        for (var round = 0; round < 3; round++) _ = Sound(speaker.Speak("hello there", options));
        Assert.Equal(held, speaker.NativeBytes);

        // Another voice takes its place.
        _ = Sound(speaker.Speak("hello there", new OfficialSpeakOptions { Steps = 2 }));
        Assert.Equal(0, speaker.KeptPositions);
    }

    [Fact]
    public void What_is_kept_of_a_reference_is_what_reading_it_again_gives()
    {
        using var checkpoint = VoxCpmCheckpoint.Open(Golden("voxcpm-v2-tiny"));
        var model = checkpoint.ReadModel(Ditar.Reference.ElementType.Float64);
        var speaker = new VoxCpmSpeaker(model, checkpoint.Tokenizer, null);
        var latents = Ditar.Reference.Tensor.From([.. Enumerable.Range(0, 5 * model.Config.PatchSize * model.Config.LatentDim).Select(i => Math.Sin(i))], 5, model.Config.PatchSize, model.Config.LatentDim);
        var request = speaker.Request("hello", new VoxCpmVoice(null, null, latents), new VoxCpmOptions { Steps = 3, MinLength = 4, MaxLength = 6 }, new SeededNoise(7));
        using var kept = speaker.Keep(request);
        var again = speaker.Generate(request).ToList();
        for (var round = 0; round < 2; round++)
        {
            var shared = speaker.Generate(request with { Kept = kept }).ToList();
            Assert.Equal(again.Count, shared.Count);
            foreach (var (expected, found) in again.Zip(shared))
                Assert.All(expected.Latents.ToDoubles().Zip(found.Latents.ToDoubles()), pair => Assert.Equal(pair.First, pair.Second, 1e-9 * Math.Max(1, Math.Abs(pair.First))));
        }

        var other = speaker.Request("hello", new VoxCpmVoice(null, null, latents.Copy()), new VoxCpmOptions(), new SeededNoise(7));
        Assert.Throws<ArgumentException>(() => speaker.Generate(other with { Kept = kept }));
    }

    [Fact]
    public void An_utterance_that_runs_on_is_made_again_with_the_next_seed()
    {
        using var speaker = Load("voxcpm-v1-tiny");
        using var checkpoint = VoxCpmCheckpoint.Open(Golden("voxcpm-v1-tiny"));
        const string text = "hello";
        var most = 6 * checkpoint.Tokenizer.Encode(text).Length;
        var lengths = Enumerable.Range(0, 12).Select(seed => speaker.Speak(text, Options((ulong)seed, 1)).Count()).ToList();
        var good = Enumerable.Range(1, 11).First(seed => lengths[seed - 1] >= most && lengths[seed] < most);

        // The attempt that is good is taken; what came before it is not heard.
        var notices = new List<string>();
        Assert.Equal(Sound(speaker.Speak(text, Options((ulong)good, 1))), Sound(speaker.Speak(text, Options((ulong)(good - 1), 3) with { Notice = notices.Add })));
        Assert.Contains("trying the next seed", Assert.Single(notices), StringComparison.Ordinal);

        // With one attempt it stays as it is, and that is said.
        notices.Clear();
        Assert.Equal(lengths[good - 1], speaker.Speak(text, Options((ulong)(good - 1), 1) with { Notice = notices.Add }).Count());
        Assert.Contains("after 1 attempt it stays so", Assert.Single(notices), StringComparison.Ordinal);

        static OfficialSpeakOptions Options(ulong seed, int attempts) => new() { Steps = 2, Seed = seed, Attempts = attempts };
    }

    [Fact]
    public void Held_back_or_not_the_sound_is_the_same_and_ends_where_it_is_stopped()
    {
        using var speaker = Load("voxcpm-v2-tiny");
        var options = new OfficialSpeakOptions { Steps = 2, Seed = 11 };
        using var stop = new CancellationTokenSource();
        var (made, heard) = (new List<int>(), new List<SpeechChunk>());
        var held = options with
        {
            Attempts = 3,
            Made = (_, count) =>
            {
                made.Add(count);
                if (count == 3) stop.Cancel();
            },
        };
        Assert.ThrowsAny<OperationCanceledException>(() =>
        {
            foreach (var chunk in speaker.Speak("hello there", held, stop.Token)) heard.Add(chunk);
        });
        Assert.Equal([1, 2, 3], made);
        Assert.Equal(Sound(speaker.Speak("hello there", options).Take(3)), Sound(heard));
    }

    [Fact]
    public void What_cannot_be_said_is_refused_at_once()
    {
        using var one = Load("voxcpm-v1-tiny");
        Assert.Throws<SpeechException>(() => one.Speak(" \n"));
        Assert.Throws<SpeechException>(() => one.Speak(new string('a', 20_001)));
        Assert.Throws<SpeechException>(() => one.VoiceFrom(reference: Path.Combine(Golden("voxcpm-v1-tiny"), "prompt.wav")));
        Assert.Throws<ArgumentException>(() => one.VoiceFrom(prompt: Path.Combine(Golden("voxcpm-v1-tiny"), "prompt.wav")));
        var prompted = new OfficialSpeakOptions { Voice = one.VoiceFrom(Path.Combine(Golden("voxcpm-v1-tiny"), "prompt.wav"), "one "), Control = "calm" };
        Assert.Throws<SpeechException>(() => one.Speak("hello", prompted));
        Assert.Throws<ArgumentException>(() => new OfficialSpeakOptions { Attempts = 0 });
    }

    private static OfficialSpeaker Load(string name, BackendKind kind = BackendKind.Definition) => OfficialSpeaker.Load(Golden(name), new SpeechBackend(kind));

    private static string Golden(string name) => Path.Combine(AppContext.BaseDirectory, "Goldens", name);

    private static float[] Sound(IEnumerable<SpeechChunk> chunks) => [.. chunks.SelectMany(chunk => chunk.Samples)];
}
