// Stand-ins for the four parts of the generation loop, small enough to know by hand what comes out. P = 2, D = 3, width 2.

using Ditar.Reference;
using Ditar.Reference.Diffusion;
using Ditar.Reference.Speech;
using Ditar.Tests.Reference.Diffusion;

namespace Ditar.Tests.Reference.Speech;

/// <summary>What the parts saw, in order.</summary>
internal sealed class Diary
{
    public List<string> Events { get; } = [];

    /// <summary>The h that conditioned each sampled patch (its first velocity).</summary>
    public List<double[]> Conditions { get; } = [];

    /// <summary>The history that each patch was sampled with.</summary>
    public List<double[]> Histories { get; } = [];
}

/// <summary>Embedding (100 + first value of the patch, 0).</summary>
internal sealed class FirstValueEncoder(Diary diary) : IPatchEncoder
{
    public Tensor Encode(Tensor patches)
    {
        diary.Events.Add($"encode {patches[0]}");
        var first = patches.Reshape(patches[0], -1).Slice(1, 0, 1);                                // [count, 1]
        return Tensor.Concat(1, first + 100, Tensor.Zeros(patches.Type, patches[0], 1));
    }
}

/// <summary>h at a position = (input, position); stops where told.</summary>
internal sealed class CountingLanguage(Diary diary, Func<int, double> stopAtPosition) : ILanguageModel
{
    public Tensor Embed(ReadOnlySpan<int> symbols)
    {
        diary.Events.Add($"embed {string.Join(' ', symbols.ToArray())}");
        double[] values = [.. symbols.ToArray().SelectMany(symbol => new double[] { symbol, 0 })];
        return Tensor.From(values, symbols.Length, 2);
    }

    public ILanguageState Start() => new State();

    public Tensor Forward(Tensor inputs, ILanguageState state)
    {
        var held = (State)state;
        diary.Events.Add($"read {inputs[0]}");
        var y = inputs.Copy();
        for (var i = 0; i < inputs[0]; i++) y.Values<double>()[(2 * i) + 1] = held.Length++;
        return y * 1;                                                                              // in the caller's arena, as a real model's would be
    }

    public double StopProbability(Tensor hidden) => stopAtPosition((int)hidden.ToDoubles()[1]);

    private sealed class State : ILanguageState
    {
        public int Length { get; set; }

        public void Dispose()
        {
        }
    }
}

/// <summary>The velocity of one data point that the condition names: every value of the patch becomes the h's position.</summary>
internal sealed class PositionField(Diary diary) : WholeField
{
    public Action? OnCall { get; init; }

    public override Tensor Velocity(Tensor x, Tensor time, Tensor condition, Tensor history)
    {
        OnCall?.Invoke();
        if (time.ToDoubles()[0] == 1)
        {
            diary.Events.Add("sample");
            diary.Conditions.Add(condition.ToDoubles());
            diary.Histories.Add(history.ToDoubles());
        }

        var point = new TrigonometricPath().At(time.ToDoubles()[0]);
        var clean = Tensor.Full(ElementType.Float64, condition.ToDoubles()[1], x.Shape);
        return point.Velocity(clean, point.NoiseFromClean(x, clean));
    }
}

/// <summary>Keeps the noise in the patch: v depends on x.</summary>
internal sealed class NoisyField : WholeField
{
    public override Tensor Velocity(Tensor x, Tensor time, Tensor condition, Tensor history) => (x * 0.7) + condition.Sum(1).Reshape(x[0], 1, 1);
}

/// <summary>Two samples per latent, both its first value; the newest latent is held back until the end.</summary>
internal sealed class DelayingVocoder(Diary diary) : IVocoder
{
    public int SampleRate => 8000;

    public int Hop => 2;

    public IVocoderState Start() => new State(diary);

    private sealed class State(Diary diary) : IVocoderState
    {
        private readonly List<float> held = [];

        public void Dispose()
        {
        }

        public float[] Push(Tensor latents, bool last)
        {
            diary.Events.Add($"voice {latents[0]}{(last ? " last" : "")}");
            for (var i = 0; i < latents[0]; i++)
                for (var j = 0; j < 2; j++) held.Add((float)latents.ToDoubles()[i * latents[1]]);
            float[] ready = [.. held.SkipLast(last ? 0 : 2)];
            held.RemoveRange(0, ready.Length);
            return ready;
        }
    }
}
