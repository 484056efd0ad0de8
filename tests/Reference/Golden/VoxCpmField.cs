// VoxCPM's local diffusion transformer out of our layers, behind our interface: tokens [mu + time + step, previous patch, x], velocity at the last P.

using Ditar.Reference;
using Ditar.Reference.Layers;
using Ditar.Tests.Reference.Diffusion;

namespace Ditar.Tests.Reference.Golden;

internal sealed class VoxCpmField : WholeField
{
    public const string Name = "feat_decoder.estimator";
    private const int Width = 48;
    private const int Channels = 16;
    private readonly Linear[] time;
    private readonly Linear[] step;
    private readonly Linear input;
    private readonly Linear previous;
    private readonly Linear output;

    public VoxCpmField(GoldenFile file, ElementType type)
    {
        time = [Map("time_mlp.linear_1"), Map("time_mlp.linear_2")];
        step = [Map("delta_time_mlp.linear_1"), Map("delta_time_mlp.linear_2")];
        input = Map("in_proj", Channels);
        previous = Map("cond_proj", Channels);
        output = Map("out_proj", Width, Channels);
        Stack = VoxCpmWeights.Stack(file, $"{Name}.decoder", type, causal: false);

        Linear Map(string name, int inputs = Width, int outputs = Width) => VoxCpmWeights.Map(file, $"{Name}.{name}", type, inputs, outputs);
    }

    public Transformer Stack { get; }

    /// <summary>The length of the solver's step at a time, in mean mode; otherwise the network is told zero.</summary>
    public Func<double, double> StepAt { get; init; } = _ => 0;

    /// <summary>Sines, then cosines, of 1000 t exp(-i ln(10000) / (half - 1)).</summary>
    /// <param name="t">[batch].</param>
    /// <returns>[batch, width].</returns>
    public static Tensor Sinusoids(Tensor t)
    {
        const int half = Width / 2;
        double[] frequencies = [.. Enumerable.Range(0, half).Select(i => 1000 * Math.Exp(-i * Math.Log(10000) / (half - 1)))];
        var angles = t.Reshape(-1, 1) * Tensor.From(t.Type, frequencies, 1, half);
        return Tensor.Concat(1, angles.Sin(), angles.Cos());
    }

    public Tensor TimeEmbedding(Tensor t) => time[1].Forward(time[0].Forward(Sinusoids(t)).Silu());

    public Tensor StepEmbedding(Tensor dt) => step[1].Forward(step[0].Forward(Sinusoids(dt)).Silu());

    /// <returns>[batch, 1 + 2P, width].</returns>
    public Tensor Tokens(Tensor x, Tensor t, Tensor dt, Tensor condition, Tensor history)
    {
        var prefix = condition + (TimeEmbedding(t) + StepEmbedding(dt));
        return Tensor.Concat(1, prefix.Reshape(x[0], 1, Width), previous.Forward(history), input.Forward(x));
    }

    public Tensor Output(Tensor hidden, int latents) => output.Forward(hidden.Slice(1, hidden[1] - latents, latents));

    public override Tensor Velocity(Tensor x, Tensor time, Tensor condition, Tensor history)
    {
        var dt = Tensor.From(x.Type, [.. time.ToDoubles().Select(StepAt)], time.Shape);
        return Output(Stack.Forward(Tokens(x, time, dt, condition, history)), x[1]);
    }
}
