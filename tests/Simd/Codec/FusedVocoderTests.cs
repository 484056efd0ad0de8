// The fused codec against its definition, and what it promises: equal sample counts at every moment, equal bits for any cut and any number of threads.

using Ditar.Parity;
using Ditar.Reference;
using Ditar.Reference.VoxCpm;
using Ditar.Simd;
using FsCheck;
using FsCheck.Fluent;

namespace Ditar.Tests.Simd.Codec;

[Trait("Category", "Kernel")]
public class FusedVocoderTests
{
    public static TheoryData<string> Decoders => CodecCases.Decoders;

    [Theory]
    [MemberData(nameof(Decoders))]
    public void The_samples_are_the_definitions(string name)
    {
        var codec = CodecCases.Decoder(name);
        using var vocoder = codec.Fuse(null);
        foreach (var frames in (int[])[1, 2, 40])
        {
            var latents = CodecCases.Latents(frames, codec.LatentDim, frames);
            double[] exact = [.. CodecCases.Whole(codec.Exact, latents.To(ElementType.Float64))];
            var plain = CodecCases.OnPlainKernels(() => CodecCases.Whole(codec.Plain, latents));
            var bound = CodecCases.Bound(exact, plain);
            Assert.True(exact.Max(Math.Abs) > 1e-3, "A comparison of silence.");
            Comparer.Equal(exact, CodecCases.Whole(vocoder, latents), _ => bound, $"{name}, {frames} latents");
        }
    }

    [Theory]
    [MemberData(nameof(Decoders))]
    public void Any_cut_gives_the_bits_of_one_piece_and_the_counts_of_the_definition(string name)
    {
        var codec = CodecCases.Decoder(name);
        using var vocoder = codec.Fuse(null);
        var (most, runs) = codec.LatentDim >= 32 ? (12, 5) : (90, 40);
        var cuts = Gen.Choose(0, most / 3).ListOf().Where(sizes => sizes.Sum() <= most);
        Prop.ForAll(cuts.ToArbitrary(), sizes =>
        {
            var frames = sizes.Sum();
            var latents = CodecCases.Latents(frames, codec.LatentDim, frames);
            var expected = CodecCases.Whole(vocoder, latents);
            Assert.Equal(frames * vocoder.Hop, expected.Length);
            using var stream = vocoder.Start();
            using var defined = codec.Plain.Start();
            var sound = new List<float>();
            var at = 0;
            foreach (var size in sizes)
            {
                var piece = stream.Push(latents.Slice(0, at, size), last: false);
                Assert.Equal(defined.Push(latents.Slice(0, at, size), last: false).Length, piece.Length);
                sound.AddRange(piece);
                at += size;
            }

            sound.AddRange(stream.Push(latents.Slice(0, at, 0), last: true));
            Assert.Equal(expected, sound);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(runs).WithReplay(1, 3));
    }

    [Theory]
    [MemberData(nameof(Decoders))]
    public void Threads_do_not_change_a_bit(string name)
    {
        var codec = CodecCases.Decoder(name);
        var latents = CodecCases.Latents(37, codec.LatentDim, 1);
        using var alone = codec.Fuse(null);
        var expected = CodecCases.Whole(alone, latents);
        for (var threads = 1; threads <= 4; threads++)
        {
            using var pool = new WorkerPool(threads);
            using var vocoder = codec.Fuse(pool);
            Assert.Equal(expected, CodecCases.Whole(vocoder, latents));
        }
    }

    [Fact]
    public void Streams_of_one_vocoder_do_not_disturb_each_other()
    {
        var config = CodecCases.Config("bigvgan odd");
        var (single, _) = CodecCases.Build(config);
        using var pool = new WorkerPool(2);
        using var vocoder = new FusedVocoder(single, pool);
        var latents = Enumerable.Range(0, 4).Select(seed => CodecCases.Latents(30, config.LatentDim, seed)).ToArray();
        float[] Decode(int i)
        {
            using var stream = vocoder.Start();
            return [.. Enumerable.Range(0, 10).SelectMany(piece => stream.Push(latents[i].Slice(0, 3 * piece, 3), piece == 9))];
        }

        var expected = Enumerable.Range(0, 4).Select(Decode).ToArray();
        var found = new float[4][];
        Parallel.For(0, 4, i => found[i] = Decode(i));
        Assert.Equal(expected, found);
    }

    [Fact]
    public void Parts_that_no_released_model_has_are_refused_by_name()
    {
        var config = AudioVaeConfig.Default(VoxCpmVersion.Two) with { EncoderDim = 2, EncoderRates = [2], DecoderDim = 8, DecoderRates = [2], LatentDim = 2 };
        var rates = config.RateCondition!;
        foreach (var (refused, word) in ((AudioVaeConfig, string)[])[
            (config with { NoiseBlock = true }, "noise block"),
            (config with { RateCondition = rates with { OutLayer = true } }, "rate condition"),
            (config with { RateCondition = rates with { Kind = RateConditionKind.Concat, OutLayer = true } }, "rate condition")])
        {
            var vae = new AudioVae(new RandomWeights(1), refused);
            Assert.Contains(word, Assert.Throws<NotSupportedException>(() => new FusedVocoder(vae)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Endings_and_wrong_shapes_are_as_in_the_definition()
    {
        var config = CodecCases.Config("bigvgan tiny");
        var (single, _) = CodecCases.Build(config);
        using var vocoder = new FusedVocoder(single);
        var none = Tensor.Zeros(ElementType.Float32, 0, config.LatentDim);
        using var stream = vocoder.Start();
        Assert.Empty(stream.Push(none, last: false));
        Assert.Empty(stream.Push(none, last: true));
        Assert.Throws<InvalidOperationException>(() => stream.Push(none, last: false));
        using var other = vocoder.Start();
        Assert.Throws<ArgumentException>(() => other.Push(Tensor.Zeros(ElementType.Float32, 3, 5), last: false));
        Assert.Equal(single.Decoder.LookAhead, vocoder.LookAhead);
    }

    [Theory]
    [InlineData("istft tiny")]
    [InlineData("istft odd")]
    [InlineData("istft")]
    public void Latents_of_a_recording_are_the_definitions(string name)
    {
        var config = CodecCases.Config(name);
        var (single, wide) = CodecCases.Build(config);
        using var alone = new FusedEncoder(single);
        using var pool = new WorkerPool(3);
        using var shared = new FusedEncoder(single, pool);
        foreach (var frames in (int[])[1, 3, 47])
        {
            var random = new Random(frames);
            var audio = Enumerable.Range(0, frames * config.Hop).Select(_ => (float)((random.NextDouble() * 2) - 1)).ToArray();
            var tensor = Tensor.From(audio, 1, audio.Length, 1);
            var exact = wide.Encode(tensor.To(ElementType.Float64));
            var plain = CodecCases.OnPlainKernels(() => single.Encode(tensor).ToSingles());
            var bound = CodecCases.Bound(exact.ToDoubles(), plain);
            var found = alone.Encode(audio);
            Assert.True(exact.Shape.SequenceEqual(found.Shape));
            Comparer.Equal(exact.ToDoubles(), found.ToSingles(), _ => bound, $"{name}, {frames} latents");
            Assert.Equal(found.ToSingles(), shared.Encode(audio).ToSingles());
        }

        Assert.Throws<ArgumentException>(() => alone.Encode(new float[config.Hop + 1]));
        Assert.Throws<ArgumentException>(() => alone.Encode([]));
    }

    [Theory]
    [InlineData("odd strides", true)]
    [InlineData("odd strides", false)]
    [InlineData("dense", true)]
    [InlineData("one channel", false)]
    [InlineData("wide", false)]
    public void Latents_of_a_recording_are_those_of_VoxCpms_definition(string name, bool evenPadding)
    {
        var config = AudioVaeConfig.Default(VoxCpmVersion.One) with
        {
            EvenPadding = evenPadding,
            EncoderDim = name switch { "one channel" => 1, "wide" => 128, _ => 6 },
            EncoderRates = name == "wide" ? [2, 5] : [3, 2, 5],
            LatentDim = name == "wide" ? 64 : 5,
            Depthwise = name != "dense",
            DecoderDim = 8,
            DecoderRates = [2],
        };
        var weights = new RandomWeights(2);
        var single = new AudioVae(weights, config);
        var wide = new AudioVae(new GivenWeights(weights.Taken.ToDictionary(), ElementType.Float64), config);
        using var alone = new FusedEncoder(single);
        using var pool = new WorkerPool(3);
        using var shared = new FusedEncoder(single, pool);

        // One latent, a few, and more than pass the chain together.
        foreach (var frames in (int[])[1, 3, 75])
        {
            var random = new Random(frames);
            var audio = Enumerable.Range(0, frames * config.EncoderHop).Select(_ => (float)((random.NextDouble() * 2) - 1)).ToArray();
            var exact = wide.Encode(audio).ToDoubles();
            var bound = CodecCases.Bound(exact, CodecCases.OnPlainKernels(() => single.Encode(audio).ToSingles()));
            var found = alone.Encode(audio);
            Assert.True(found.Shape.SequenceEqual([1, frames, config.LatentDim]));
            Comparer.Equal(exact, found.ToSingles(), _ => bound, $"{name}, {frames} latents");
            Assert.Equal(found.ToSingles(), shared.Encode(audio).ToSingles());
        }

        Assert.Throws<ArgumentException>(() => alone.Encode(new float[config.EncoderHop + 1]));
        Assert.Throws<ArgumentException>(() => alone.Encode([]));
    }
}
