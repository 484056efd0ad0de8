// Native memory of VoxCPM in the engine: what is reported is what is there, a longer utterance adds what it needs and leaves it for the next, and all of it is
// given back. Alone, because it is counted for the process.

using Ditar.Reference;
using Ditar.Reference.VoxCpm;
using Ditar.Simd;
using Ditar.Tests.Edge;

namespace Ditar.Tests.Simd.Inference;

[Collection(AloneCollection.Name)]
public sealed class VoxCpmMemoryTests
{
    [Theory]
    [InlineData(VoxCpmVersion.One, "float32")]
    [InlineData(VoxCpmVersion.Two, "int4")]
    public void What_is_reported_is_there_and_is_given_back(VoxCpmVersion version, string format)
    {
        var config = VoxCpmCase.Speaking(version);
        AloneCollection.Settle();
        var before = NativeBuffer.BytesInUse;
        var model = new InferenceModel(VoxCpmCase.Definition(config, ElementType.Float32), EngineFormats.Named(format));
        Assert.Equal(model.Bytes, NativeBuffer.BytesInUse - before);
        var session = model.Start();
        var held = new List<long>();
        foreach (var patches in new[] { 10, 200, 200 })
        {
            using var state = session.Language.Start();
            var hidden = session.Language.Forward(EngineCase.Random(1, patches, config.Base.Width), state);
            _ = session.Language.Condition(hidden.Slice(0, 0, 1));
            _ = session.Language.StopProbability(hidden.Slice(0, 0, 1));
            _ = session.Encoder.Encode(EngineCase.Random(2, 3, config.PatchSize, config.LatentDim));
            _ = session.Field.Begin(EngineCase.Random(3, 2, config.ConditionWidth), EngineCase.Random(4, 2, config.PatchSize, config.LatentDim))
                .Velocity(EngineCase.Random(5, 2, config.PatchSize, config.LatentDim), 0.5);
            held.Add(session.Bytes);
            Assert.Equal(model.Bytes + session.Bytes, NativeBuffer.BytesInUse - before);
        }

        // 10 positions take one segment of 64, 200 take four.
        Assert.True(held[0] < held[1]);
        Assert.Equal(held[1], held[2]);

        // A copy has segments of its own, which are given back with it.
        using (var state = session.Language.Start())
        {
            _ = session.Language.Forward(EngineCase.Random(1, 200, config.Base.Width), state);
            using var copy = state.Fork();
            Assert.True(session.Bytes > held[2]);
            Assert.Equal(model.Bytes + session.Bytes, NativeBuffer.BytesInUse - before);
        }

        session.Dispose();
        Assert.Equal(model.Bytes, NativeBuffer.BytesInUse - before);
        model.Dispose();
        Assert.Equal(before, NativeBuffer.BytesInUse);
    }
}
