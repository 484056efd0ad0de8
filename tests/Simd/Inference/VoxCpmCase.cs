// VoxCPM models for the engine's tests: random sizes of both versions, with what released models do not use (mup, mean mode, plain rotary positions).

using Ditar.Reference;
using Ditar.Reference.VoxCpm;
using Ditar.Tests.Reference.Files;
using Ditar.Tests.Reference.VoxCpm;
using FsCheck;
using FsCheck.Fluent;

namespace Ditar.Tests.Simd.Inference;

internal static class VoxCpmCase
{
    private static readonly VoxCpmConfig Small = ReadSmall();

    /// <summary>Of both versions, larger than a panel and than a tile.</summary>
    public static VoxCpmConfig Speaking(VoxCpmVersion version) => Small with
    {
        Version = version,
        Base = new(3, 80, 4, 16, 200, Rotary: true),
        Residual = new(2, 80, 4, 16, 200, Rotary: version == VoxCpmVersion.One),
        Encoder = new(2, 48, 4, 16, 100, Rotary: true),
        Diffusion = new(2, 48, 4, 16, 150, Rotary: true),
        KeyHeads = 2,
        Vocabulary = 200,
        Rotary = new LongRope(10000, 300, [.. Enumerable.Range(0, 8).Select(i => 1 + (0.5 * i))], 1.1),
        PatchSize = 3,
        LatentDim = 6,
        QuantiserDim = 20,
        MaxLength = 300,
    };

    public static Gen<VoxCpmConfig> Models { get; } =
        from version in Gen.Elements(VoxCpmVersion.One, VoxCpmVersion.Two)
        from headDim in Gen.Elements(2, 6, 16, 24, 64)
        from keyHeads in Gen.Choose(1, 2)
        from latentDim in Gen.Choose(1, 9)
        from patch in Gen.Choose(1, 5)
        from quantiser in Gen.Choose(1, 24)
        from options in Gen.Choose(0, 7)
        from layers in Gen.Choose(1, 2)
        from main in Stacks(keyHeads, headDim)
        from encoder in Stacks(keyHeads, headDim)
        from diffusion in Stacks(keyHeads, headDim)
        select Small with
        {
            Version = version,
            Base = main,
            Residual = main with { Layers = layers, Rotary = version == VoxCpmVersion.One },
            Encoder = encoder,
            Diffusion = diffusion with { Width = diffusion.Width + (diffusion.Width % 2) },
            KeyHeads = keyHeads,
            Vocabulary = 9,
            Rotary = new LongRope(10000, 300, (options & 1) == 0 ? null : [.. Enumerable.Range(0, headDim / 2).Select(i => 1 + (0.3 * i))], (options & 1) == 0 ? 1 : 1.2),
            Mup = (options & 2) == 0 ? null : new MupScales(3, 1.4),
            MeanMode = (options & 4) != 0,
            PatchSize = patch,
            LatentDim = latentDim,
            QuantiserDim = quantiser,
            MaxLength = 280,
        };

    public static VoxCpmModel Definition(VoxCpmConfig config, ElementType type) => new(new EngineCase.Weights(type), config);

    private static Gen<VoxCpmStackSize> Stacks(int keyHeads, int headDim) =>
        from layers in Gen.Choose(1, 2)
        from width in Gen.Choose(3, 40)
        from sharing in Gen.Choose(1, 3)
        from feedForward in Gen.Choose(1, 70)
        select new VoxCpmStackSize(layers, width, keyHeads * sharing, headDim, feedForward, Rotary: true);

    private static VoxCpmConfig ReadSmall()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("config.json"), SmallVoxCpm.One);
        return VoxCpmConfig.Read(folder.File("config.json"));
    }
}
