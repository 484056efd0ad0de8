// Bounded silence between utterances: what is cut, what is not, and that the pieces in which sound arrives do not matter.

using Ditar.Edge;
using FsCheck;
using FsCheck.Fluent;

namespace Ditar.Tests.Edge;

public class PausesTests
{
    private const int Rate = 1000;

    [Fact]
    public void Silence_is_cut_to_its_bounds_and_sound_is_not_touched()
    {
        float[] sound = [.. Silent(500), .. Tone(100), .. Silent(2000), .. Tone(50), .. Silent(300), .. Tone(20), .. Silent(900)];
        float[] expected = [.. Silent(100), .. Tone(100), .. Silent(800), .. Tone(50), .. Silent(300), .. Tone(20), .. Silent(150)];
        Assert.Equal(expected, new Pauses(Rate).Pass(sound, last: true));
    }

    [Fact]
    public void Each_utterance_begins_anew()
    {
        var pauses = new Pauses(Rate);
        Assert.Equal(100 + 100, pauses.Pass([.. Silent(400), .. Tone(100)], last: true).Length);
        Assert.Equal(100 + 100 + 150, pauses.Pass([.. Silent(400), .. Tone(100), .. Silent(400)], last: true).Length);
        Assert.Equal(150, pauses.Pass(Silent(5000), last: true).Length);
    }

    [Fact]
    public void Sound_is_not_held_back()
    {
        var pauses = new Pauses(Rate);
        // All but an unfinished frame of 10 samples.
        Assert.Equal(120, pauses.Pass(Tone(125), last: false).Length);
        Assert.Equal(10, pauses.Pass(Silent(95), last: false).Length);
        Assert.Empty(pauses.Pass(Silent(95), last: false));
    }

    [Fact]
    public void The_pieces_do_not_matter()
    {
        var stretches = Gen.Choose(0, 300).SelectMany(length => Gen.Elements(0f, 0.0005f, 0.004f, 0.3f, 1f).Select(level => (length, level))).ListOf();
        Prop.ForAll(Arb.From(stretches), Arb.From(Gen.Choose(1, 170)), (parts, piece) =>
        {
            float[] sound = [.. parts.SelectMany(part => Enumerable.Range(0, part.length).Select(i => part.level * MathF.Sin(i * 1.3f)))];
            var expected = new Pauses(Rate).Pass(sound, last: true);
            var (pauses, found) = (new Pauses(Rate), new List<float>());
            for (var i = 0; i < sound.Length; i += piece) found.AddRange(pauses.Pass(sound.AsSpan(i, Math.Min(piece, sound.Length - i)), last: false));
            found.AddRange(pauses.Pass([], last: true));
            return expected.SequenceEqual(found) && expected.Length <= sound.Length;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300).WithReplay(81, 83));
    }

    private static float[] Silent(int count) => new float[count];

    // Every frame of ten samples has a loud one.
    private static float[] Tone(int count) => [.. Enumerable.Range(0, count).Select(i => i % 2 == 0 ? 0.5f : -0.4f)];
}
