// Weight formats of VoxCPM models: against the definition on the very weights that a format stores, and from the file as from memory.

using Ditar.Reference;
using Ditar.Reference.Kernels;
using Ditar.Reference.VoxCpm;
using Ditar.Simd;
using Ditar.Tests.Reference.Files;
using Ditar.Tests.Reference.VoxCpm;

namespace Ditar.Tests.Simd.Inference;

[Trait("Category", "Kernel")]
public sealed class VoxCpmFormatTests
{
    [Theory]
    [InlineData(VoxCpmVersion.One)]
    [InlineData(VoxCpmVersion.Two)]
    public void BFloat16_computes_as_float32_on_the_rounded_weights(VoxCpmVersion version)
    {
        var (config, formats) = (VoxCpmCase.Speaking(version), EngineFormats.All(WeightFormat.BFloat16));
        using var model = new InferenceModel(VoxCpmCase.Definition(config, ElementType.Float32), formats);
        using var session = model.Start();
        foreach (var module in Engine(config, session))
            EngineCase.AssertNear(type => Defined(new VoxCpmModel(new EngineCase.Rounded(type, formats), config), module.Name, type), module.Output, module.Name);
    }

    // As with DiTAR (FormatTests): a few per cent of what a module gives for weights and as much for activations, more at 4 bits. A patch's hidden state passes the
    // quantiser, of whose numbers every tenth falls on the next level (1/9 of the range) when what comes in is off by so much: twice as far off in all.
    [Theory]
    [InlineData(VoxCpmVersion.One, "int8", 0.04, 0.1, 0.05)]
    [InlineData(VoxCpmVersion.Two, "int8", 0.04, 0.1, 0.05)]
    [InlineData(VoxCpmVersion.One, "int4", 0.04, 0.15, 0.4)]
    [InlineData(VoxCpmVersion.Two, "int4", 0.04, 0.15, 0.4)]
    public void Integers_stay_near_the_rounded_weights_and_the_cost_of_rounding_is_stated(VoxCpmVersion version, string name, double engine, double patches, double format)
    {
        var (config, formats) = (VoxCpmCase.Speaking(version), EngineFormats.Named(name));
        using var model = new InferenceModel(VoxCpmCase.Definition(config, ElementType.Float32), formats);
        using var session = model.Start();
        foreach (var module in Engine(config, session))
        {
            var rounded = Defined(new VoxCpmModel(new EngineCase.Rounded(ElementType.Float64, formats), config), module.Name, ElementType.Float64).ToDoubles();
            var exact = Defined(VoxCpmCase.Definition(config, ElementType.Float64), module.Name, ElementType.Float64).ToDoubles();
            var found = module.Output.ToDoubles();
            Assert.True(Distance(found, rounded) is var near && near > 1e-4 && near < (module.Name == "patches" ? patches : engine), $"{module.Name}: {near} from the rounded weights");
            Assert.True(Distance(found, exact) is var far && far > 1e-3 && far < (module.Name == "patches" ? 2 * format : format), $"{module.Name}: {far} from the exact ones");
        }
    }

    /// <summary>The weights go from the mapped file to the packed form, as the numbers they are there: no definition is ever filled, and nothing is rounded twice.</summary>
    [Theory]
    [InlineData("float32", false)]
    [InlineData("bf16", true)]
    [InlineData("int8", true)]
    [InlineData("int4", false)]
    public void Weights_from_a_file_are_packed_as_those_in_memory(string format, bool bin)
    {
        using var kernels = KernelSet.Use(new SimdKernels());
        using var folder = new TemporaryFolder();
        SmallVoxCpm.Write(folder, SmallVoxCpm.One, bin);
        using var checkpoint = VoxCpmCheckpoint.Open(folder.Path);
        var stored = checkpoint.ReadModel(later: true);
        Assert.Equal("bf16", EngineFormats.StoredVoxCpm(checkpoint.ModelWeights).ToString());
        using var fromFile = new InferenceModel(stored, EngineFormats.Named(format));
        using var fromMemory = new InferenceModel(checkpoint.ReadModel(), EngineFormats.Named(format));
        Assert.All(stored.Parameters.Where(parameter => parameter.Value.Rank == 2), parameter => Assert.NotNull(parameter.Value.Stored));

        // The table of symbols is bf16 in the file and float32 in memory.
        Assert.Equal(fromMemory.Bytes - (2L * checkpoint.Config.Vocabulary * checkpoint.Config.Base.Width), fromFile.Bytes);
        using InferenceSession one = fromFile.Start(), other = fromMemory.Start();
        foreach (var (a, b) in Engine(checkpoint.Config, one).Zip(Engine(checkpoint.Config, other)))
            Assert.Equal(b.Output.ToSingles(), a.Output.ToSingles());
        Assert.Equal(other.Language.Embed([5, 299]).ToSingles(), one.Language.Embed([5, 299]).ToSingles());
    }

    private static double Distance(double[] found, double[] truth) =>
        Math.Sqrt(found.Zip(truth, (a, b) => (a - b) * (a - b)).Sum() / truth.Sum(b => b * b));

    private static IEnumerable<(string Name, Tensor Output)> Engine(VoxCpmConfig config, InferenceSession session)
    {
        yield return ("encoder", session.Encoder.Encode(Patches(config)));
        using (var state = session.Language.Start()) yield return ("symbols", session.Language.Forward(Inputs(config), new bool[12], state));
        using (var state = session.Language.Start()) yield return ("patches", session.Language.Forward(Inputs(config), state));
        yield return ("condition", session.Language.Condition(Hidden(config)));
        yield return ("diffusion", session.Field.Begin(Told(config), History(config)).Velocity(Patches(config).Slice(0, 0, 2), 0.4));
    }

    private static Tensor Defined(VoxCpmModel model, string module, ElementType type)
    {
        var (config, language) = (model.Config, model.LanguageModel);
        return module switch
        {
            "encoder" => model.Encoder.Encode(Patches(config).To(type)),
            "symbols" => language.Forward(Inputs(config).To(type), new bool[12], language.Start()),
            "patches" => language.Forward(Inputs(config).To(type), language.Start()),
            "condition" => language.Condition(Hidden(config).To(type)),
            _ => model.Diffusion.Begin(Told(config).To(type), History(config).To(type)).Velocity(Patches(config).Slice(0, 0, 2).To(type), 0.4),
        };
    }

    private static Tensor Patches(VoxCpmConfig config) => EngineCase.Random(1, 5, config.PatchSize, config.LatentDim);

    private static Tensor Inputs(VoxCpmConfig config) => EngineCase.Random(2, 12, config.Base.Width);

    private static Tensor Hidden(VoxCpmConfig config) => EngineCase.Random(5, 1, 2 * config.Base.Width);

    private static Tensor Told(VoxCpmConfig config) => EngineCase.Random(6, 2, config.ConditionWidth);

    private static Tensor History(VoxCpmConfig config) => EngineCase.Random(3, 2, config.PatchSize, config.LatentDim);
}
