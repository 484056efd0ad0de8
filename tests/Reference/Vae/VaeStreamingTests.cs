// Streaming (spec section 5): however the latents are cut, the pieces of sound are the whole sound, and they come as early as the decoder says.

using Ditar.Reference;
using Ditar.Reference.Vae;
using Ditar.Tests.Reference.Tensors;
using FsCheck;
using FsCheck.Fluent;

namespace Ditar.Tests.Reference.Vae;

public class VaeStreamingTests
{
    public static TheoryData<string, int> Decoders => new()
    {
        { VaeConfig.InverseStftKind, 0 },
        { VaeConfig.InverseStftKind, 1 },
        { VaeConfig.InverseStftKind, 3 },
        { VaeConfig.BigVganKind, 0 },
        { VaeConfig.BigVganKind, 2 },
    };

    [Theory]
    [MemberData(nameof(Decoders))]
    public void AnyCutGivesTheOfflineSound(string decoder, int lookAhead)
    {
        var model = TinyVae.Create(TinyVae.Config(decoder, lookAhead));
        var vocoder = new VaeVocoder(model);
        var pieces = Gen.Choose(0, 5).ListOf().Where(p => p.Sum() is > 0 and < 40);
        Prop.ForAll(pieces.ToArbitrary(), sizes =>
        {
            var frames = sizes.Sum();
            var latents = GradientCheck.Random(frames, frames, 2);
            var whole = model.Decode(latents.Reshape(1, frames, 2)).ToDoubles();
            var stream = vocoder.Start();
            var sound = new List<float>();
            var at = 0;
            foreach (var size in sizes)
            {
                sound.AddRange(stream.Push(latents.Slice(0, at, size), last: false));
                at += size;
            }

            sound.AddRange(stream.Push(latents.Slice(0, at, 0), last: true));
            Same(whole, sound);
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [MemberData(nameof(Decoders))]
    public void TheLastPieceMayHoldLatentsAndSoundComesAsEarlyAsSaid(string decoder, int lookAhead)
    {
        const int frames = 60;
        var model = TinyVae.Create(TinyVae.Config(decoder, lookAhead));
        var vocoder = new VaeVocoder(model);
        var latents = GradientCheck.Random(3, frames, 2);
        var stream = vocoder.Start();
        var sound = new List<float>();
        for (var t = 0; t < frames; t++)
        {
            sound.AddRange(stream.Push(latents.Slice(0, t, 1), last: t == frames - 1));
            if (t == frames - 1) break;
            var whole = t + 1 - vocoder.LookAhead;           // latents whose samples must all be out
            Assert.InRange(sound.Count, Math.Max(0, whole * vocoder.Hop), Math.Max(0, (whole + 1) * vocoder.Hop - 1));
        }

        Same(model.Decode(latents.Reshape(1, frames, 2)).ToDoubles(), sound);
    }

    [Fact]
    public void AnEmptyStreamIsSilentAndAFinishedOneRefusesMore()
    {
        var vocoder = new VaeVocoder(TinyVae.Create(TinyVae.Config(VaeConfig.InverseStftKind)));
        var stream = vocoder.Start();
        var none = Tensor.Zeros(ElementType.Float64, 0, 2);
        Assert.Empty(stream.Push(none, last: false));
        Assert.Empty(stream.Push(none, last: true));
        Assert.Throws<InvalidOperationException>(() => stream.Push(none, last: false));
        Assert.Throws<ArgumentException>(() => vocoder.Start().Push(Tensor.Zeros(ElementType.Float64, 3, 5), last: false));
    }

    [Fact]
    public void LatentsAreUnscaledByTheStoredStatistics()
    {
        var model = TinyVae.Create(TinyVae.Config(VaeConfig.InverseStftKind));
        var audio = GradientCheck.Random(8, 1, 40, 1);
        var mean = model.Encoder.Forward(audio).Mean;
        var throughScale = model.Decode(model.Encode(audio)).ToDoubles();
        var direct = model.Decoder.Forward(mean).ToDoubles();
        Assert.NotEqual(1.0, model.LatentDeviation.ToDoubles()[0]);
        for (var i = 0; i < direct.Length; i++) Assert.Equal(direct[i], throughScale[i], Tolerances.FewFloat64Operations);
    }

    // The decoder runs in float64, the interface returns float32: one rounding of a value of magnitude up to max|whole|.
    private static void Same(double[] whole, List<float> pieces)
    {
        Assert.Equal(whole.Length, pieces.Count);
        var bound = 2 * Tolerances.U * Math.Max(1, whole.Max(Math.Abs));
        for (var i = 0; i < whole.Length; i++) Assert.True(Math.Abs(whole[i] - pieces[i]) <= bound, $"sample {i}: {whole[i]} whole, {pieces[i]} in pieces");
    }
}
