// The AudioVAE of every recorded checkpoint: encoder, decoder, rate conditions and streams, layer by layer.

using Ditar.Reference;
using Ditar.Reference.Tracing;
using Ditar.Reference.VoxCpm;
using Ditar.Tests.Reference.Golden;

namespace Ditar.Tests.Reference.VoxCpm;

[Trait("Category", "Golden")]
public class AudioVaeGoldenTests
{
    public static TheoryData<string, Arithmetic> Runs => VoxCpmGolden.Runs;

    [Theory]
    [MemberData(nameof(Runs))]
    public void EncoderLayerByLayer(string folder, Arithmetic arithmetic)
    {
        using var golden = new VoxCpmGolden(folder);
        using var kernels = arithmetic.Use();
        var vae = Load(golden, arithmetic.Type());
        var outputs = new ModuleOutputs();
        using (Observation.Of(outputs))
            golden.Near("vae.enc.mu", Rows(vae.Encode(golden.Read("vae.enc.wav", ElementType.Float32).ToSingles())), Tolerances.VoxCpmHidden);
        for (var i = 0; i <= golden.Config.Vae.EncoderRates.Count; i++) golden.Near($"vae.enc.block{i}", Rows(outputs[$"encoder.block.{i}"]), Tolerances.VoxCpmHidden);
        golden.Near("vae.enc.block1.unit0", Rows(outputs["encoder.block.1.block.0"]), Tolerances.VoxCpmHidden);
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void DecoderLayerByLayer(string folder, Arithmetic arithmetic)
    {
        using var golden = new VoxCpmGolden(folder);
        using var kernels = arithmetic.Use();
        var vae = Load(golden, arithmetic.Type());
        var outputs = new ModuleOutputs();
        using (Observation.Of(outputs)) golden.Near("vae.dec.audio", vae.Decoder.Forward(Latents(golden, arithmetic.Type())), Tolerances.VoxCpmWave);
        var (first, blocks) = (golden.Config.Vae.FirstDecoderBlock, vae.Decoder.Blocks.Count);
        for (var i = 0; i < first + blocks + 2; i++) golden.Near($"vae.dec.layer{i}", Rows(outputs[$"decoder.model.{i}"]), Tolerances.VoxCpmHidden);
        if (golden.Config.Vae.RateCondition is null) return;
        for (var i = first; i < first + blocks; i++) golden.Near($"vae.dec.cond{i}", Rows(outputs[$"decoder.sr_cond_model.{i}"]), Tolerances.VoxCpmHidden);
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void RatesAndTheirBuckets(string folder, Arithmetic arithmetic)
    {
        using var golden = new VoxCpmGolden(folder);
        if (golden.Config.Vae.RateCondition is not { } rates) return;
        using var kernels = arithmetic.Use();
        var vae = Load(golden, arithmetic.Type());
        Assert.Equal(golden.Integers("vae.sr.bucket"), golden.Integers("vae.sr.values").Select(rates.BucketOf));
        var recorded = golden.Names.Where(name => name.StartsWith("vae.dec.audio_sr", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(recorded);
        foreach (var name in recorded)
        {
            var rate = int.Parse(name["vae.dec.audio_sr".Length..], System.Globalization.CultureInfo.InvariantCulture);
            golden.Near(name, vae.Decoder.Forward(Latents(golden, arithmetic.Type()), rates.BucketOf(rate)), Tolerances.VoxCpmWave);
        }
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void PartsAlone(string folder, Arithmetic arithmetic)
    {
        using var golden = new VoxCpmGolden(folder);
        using var kernels = arithmetic.Use();
        var block = Load(golden, arithmetic.Type()).Decoder.Blocks[0];
        golden.Near("vae.snake.out", Rows(block.Snake.Forward(Signal(golden, "vae.snake.in", arithmetic.Type()))), Tolerances.VoxCpmHidden);
        golden.Near("vae.tconv.out", Rows(block.Up.Forward(Signal(golden, "vae.tconv.in", arithmetic.Type()))), Tolerances.VoxCpmHidden);
    }

    /// <summary>Any pieces give the samples of the whole, and those that the official streams give.</summary>
    [Theory]
    [MemberData(nameof(Runs))]
    public void Streams(string folder, Arithmetic arithmetic)
    {
        using var golden = new VoxCpmGolden(folder);
        using var kernels = arithmetic.Use();
        var vae = Load(golden, arithmetic.Type());
        var latents = Latents(golden, arithmetic.Type());
        var whole = vae.Decoder.Forward(latents);
        List<(string? Audio, int[] Sizes)> streams = [(null, [1, latents[1] - 1]), (null, [.. Enumerable.Repeat(1, latents[1])]), (null, [latents[1] / 2, 0, latents[1] - (latents[1] / 2)])];
        foreach (var name in golden.Names.Where(name => name.StartsWith("vae.stream.", StringComparison.Ordinal) && name.EndsWith(".sizes", StringComparison.Ordinal)))
            streams.Add((name.Replace(".sizes", ".audio", StringComparison.Ordinal), golden.Integers(name)));
        foreach (var (audio, sizes) in streams)
        {
            var (state, at) = (vae.Vocoder().Start(), 0);
            var samples = new List<float>();
            foreach (var size in sizes)
            {
                var piece = state.Push(latents.Slice(1, at, size).Reshape(size, latents[2]), last: at + size == latents[1] && size > 0);
                Assert.Equal(size * golden.Config.Vae.DecoderHop, piece.Length);
                samples.AddRange(piece);
                at += size;
            }

            Assert.Equal(latents[1], at);
            var found = Tensor.From([.. samples], samples.Count);
            // Plain kernels run the same sums; fast ones may take another tile for another number of rows.
            if (arithmetic == Arithmetic.Float32) Assert.Equal(whole.ToSingles(), found.ToSingles());
            else Nearness.AssertNear("pieces", whole, found.To(whole.Type), Tolerances.VoxCpmPieces);
            if (audio is not null) golden.Near(audio, found, Tolerances.VoxCpmWave);
        }
    }

    private static AudioVae Load(VoxCpmGolden golden, ElementType type)
    {
        using var file = golden.Open("audiovae.safetensors");
        return new AudioVae(new AudioVaeParameters(file, golden.Config.Vae, type), golden.Config.Vae);
    }

    private static Tensor Latents(VoxCpmGolden golden, ElementType type) => Signal(golden, "vae.dec.z", type);

    // Recorded [channels, time], ours [1, time, channels].
    private static Tensor Signal(VoxCpmGolden golden, string name, ElementType type)
    {
        var x = golden.Read(name, type).Transpose(0, 1);
        return x.Reshape(1, x[0], x[1]);
    }

    // An up-sampling's output, seen before its reshape, has the same order of numbers.
    private static Tensor Rows(Tensor x) => x.Reshape(-1, x[-1]).Transpose(0, 1);
}
