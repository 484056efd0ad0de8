// L = L_diff + c L_stop (spec, section 3): the mean squared error of the velocity on the path x_t = cos(pi t/2) x0 + sin(pi t/2) eps, and the
// binary cross-entropy of the stop head. The language model runs once for all S diffusion samples of a patch.

using Ditar.Reference.Diffusion;

namespace Ditar.Reference.Speech;

/// <param name="StopWeight">c above.</param>
/// <param name="StopPositiveWeight">The last patch is one among many: how much more it counts.</param>
public sealed record DitarLossOptions(double StopWeight = 1, double StopPositiveWeight = 1);

/// <param name="Diffusion">L_diff, shape [].</param>
/// <param name="Stop">L_stop, shape [].</param>
/// <param name="Conditions">h of every patch [N, width], for losses that only training has.</param>
public sealed record DitarLossTerms(Tensor Total, Tensor Diffusion, Tensor Stop, Tensor Conditions);

public static class DitarLoss
{
    public static DitarLossTerms Compute(DitarModel model, DitarBatch batch, DitarLossOptions options)
    {
        var conditions = Conditions(model, batch);                                                 // [N, width]
        var diffusion = Diffusion(model, batch, conditions);
        var stop = Stop(model, batch, conditions, options.StopPositiveWeight);
        return new DitarLossTerms(diffusion + (stop * options.StopWeight), diffusion, stop, conditions);
    }

    /// <summary>h for every patch: LocEnc on all patches at once, then the language model on right-padded sequences.</summary>
    private static Tensor Conditions(DitarModel model, DitarBatch batch)
    {
        var width = model.LanguageModel.Width;
        var text = model.LanguageModel.Embed(batch.Symbols);                                       // [symbols, width]
        var patches = model.Encoder.Encode(batch.EncoderPatches);                                  // [N, width]
        var rows = Tensor.Concat(0, text, patches, Tensor.Zeros(text.Type, 1, width));
        var padding = batch.Symbols.Length + patches[0];
        int[] inputs = [.. batch.InputRows.Select(row => row < 0 ? padding : row)];
        var x = rows.Gather(inputs).Reshape(batch.Count, -1, width);                               // [utterances, time, width]
        return model.LanguageModel.ForwardWhole(x).Reshape(-1, width).Gather(batch.ConditionRows);
    }

    private static Tensor Diffusion(DitarModel model, DitarBatch batch, Tensor conditions)
    {
        var type = conditions.Type;
        var count = batch.Times.Length;
        var repeats = Enumerable.Range(0, count).Select(i => i % batch.Patches[0]).ToArray();
        var x0 = batch.Patches.Gather(repeats);                                                    // [N*S, P, D]
        var path = new TrigonometricPath().At(Tensor.From(ElementType.Float64, batch.Times, count));
        var keep = PerSample(batch.DropCondition, dropped => dropped ? 0 : 1, type).Reshape(count, 1);

        var xt = path.Mix(x0, batch.Noise);
        var target = path.Velocity(x0, batch.Noise);                                               // v = dx_t/dt
        var v = model.Diffusion.Velocity(xt, Tensor.From(type, batch.Times, count), conditions.Gather(repeats) * keep, batch.History.Gather(repeats));
        return (v - target).Square().Mean();
    }

    private static Tensor Stop(DitarModel model, DitarBatch batch, Tensor conditions, double positiveWeight)
    {
        // -log p = softplus(-z) for a last patch, softplus(z) for the others.
        var logits = model.LanguageModel.Stop.Forward(conditions);                                 // [N, 1]
        var sign = PerSample(batch.Last, last => last ? -1 : 1, logits.Type).Reshape(-1, 1);
        var weight = PerSample(batch.Last, last => last ? positiveWeight : 1, logits.Type).Reshape(-1, 1);
        return ((logits * sign).Softplus() * weight).Mean();
    }

    private static Tensor PerSample<T>(T[] values, Func<T, double> map, ElementType type) =>
        Tensor.From(type, Array.ConvertAll(values, v => map(v)), values.Length, 1, 1);
}
