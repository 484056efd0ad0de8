// The rehearsal must be able to play every kind of model, or first sentences become slow without anybody noticing.

using Ditar.Edge;
using Ditar.Reference.Speech;
using Ditar.Reference.Vae;
using Ditar.Simd;

namespace Ditar.Tests.Edge;

public class RehearsalTests
{
    [Theory]
    [InlineData("tiny", VaeConfig.InverseStftKind, "int4")]
    [InlineData("0.1B", VaeConfig.InverseStftKind, "bf16")]
    [InlineData("0.6B", VaeConfig.BigVganKind, "int8")]
    [InlineData("1B", VaeConfig.InverseStftKind, "float32")]
    public void Every_kind_of_model_is_rehearsed(string size, string decoder, string formats)
    {
        var model = DitarConfig.Named(size, 40);
        Rehearsal.Run(
            new CheckpointConfig
            {
                Kind = CheckpointConfig.KindName,
                Format = CheckpointConfig.CurrentFormat,
                Model = model,
                Vae = new VaeConfig { Decoder = decoder, LatentDim = model.LatentDim },
                Sampling = new SamplingDefaults(10, 1, 1, 0.5),
                Voices = [],
            },
            EngineFormats.Named(formats));
    }
}
