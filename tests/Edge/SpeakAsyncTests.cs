// Speaking as a pipeline: the same chunks as step by step, several at once, and an end within one patch for who goes away.

using Ditar.Edge;

namespace Ditar.Tests.Edge;

[Collection(EdgeCollection.Name)]
public class SpeakAsyncTests(EdgeFolder edge)
{
    private const string Text = "Hello there. Open the door, please.";

    [Theory]
    [InlineData(BackendKind.Simd, 1)]
    [InlineData(BackendKind.Simd, 2)]
    [InlineData(BackendKind.Definition, 2)]
    public async Task The_chunks_are_those_of_speaking_step_by_step(BackendKind kind, int threads)
    {
        using var speaker = Speaker.Load(edge.Model, new SpeechBackend(kind, threads));
        var expected = speaker.Speak(Text).ToList();
        var found = await speaker.SpeakAsync(Text).ToListAsync();
        Assert.Equal(expected.Count, found.Count);
        foreach (var (a, b) in expected.Zip(found))
        {
            Assert.Equal(a.Samples, b.Samples);
            Assert.Equal(a with { Samples = b.Samples }, b);
        }
    }

    [Fact]
    public async Task Several_texts_at_once_sound_as_each_alone()
    {
        // LocDiT's output starts at zero: without weights there no text would be heard in the sound.
        var folder = TinyCheckpoint.Write(Path.Combine(edge.Empty(), "moved"), change: (name, shape, values) =>
        {
            for (var i = 0; i < values.Length && name.StartsWith("diffusion.output", StringComparison.Ordinal); i++) values[i] = 0.3f * MathF.Sin(i);
            return (shape, values);
        });
        using var speaker = Speaker.Load(folder, threads: 2);
        string[] texts = ["hello there", "open the door", "seven three nine", "good morning"];
        var alone = texts.Select(text => speaker.Speak(text).SelectMany(chunk => chunk.Samples).ToArray()).ToArray();
        var together = await Task.WhenAll(texts.Select(async text =>
        {
            var samples = new List<float>();
            await foreach (var chunk in speaker.SpeakAsync(text)) samples.AddRange(chunk.Samples);
            return samples.ToArray();
        }));
        for (var i = 0; i < texts.Length; i++) Assert.Equal(alone[i], together[i]);
        Assert.NotEqual(alone[0], alone[1]);
    }

    [Fact]
    public async Task Cancelling_ends_it_and_leaving_early_frees_the_session()
    {
        using var speaker = Speaker.Load(edge.Endless, threads: 1);
        for (var round = 0; round < 3; round++)
        {
            using var source = new CancellationTokenSource();
            var given = 0;
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            {
                await foreach (var chunk in speaker.SpeakAsync("hello hello hello", cancellation: source.Token))
                {
                    given++;
                    if (chunk.Patch == 2) await source.CancelAsync();
                }
            });
            Assert.Equal(3, given);
        }

        var held = speaker.NativeBytes;
        for (var round = 0; round < 3; round++)
        {
            await foreach (var chunk in speaker.SpeakAsync("hello hello hello"))
                if (chunk.Patch == 1) break;
        }

        // One session serves them all, one after the other; stages that outlived their caller would each need their own.
        Assert.Equal(held, speaker.NativeBytes);
    }

    [Fact]
    public async Task What_cannot_be_said_is_told_at_once_and_what_goes_wrong_reaches_the_caller()
    {
        using var speaker = Speaker.Load(edge.Model, threads: 1);
        Assert.Throws<SpeechException>(() => { speaker.SpeakAsync(" "); });
        var damaged = TinyCheckpoint.Write(Path.Combine(edge.Empty(), "damaged"), change: (name, shape, values) =>
        {
            // Finite in the file, infinite in the sound.
            if (name == "diffusion.output.bias") Array.Fill(values, 3e38f);
            return (shape, values);
        });
        using var broken = Speaker.Load(damaged);
        var fault = await Assert.ThrowsAsync<SpeechException>(async () => await broken.SpeakAsync("hello").ToListAsync());
        Assert.Contains("not a number", fault.Message);
    }
}
