// What the fused engine's language model has read in a passage. Its caches lie in panels that a recorded past cannot be loaded into, so a step goes on from the
// prefill that this engine read itself, and that must be the one which the step was recorded after.

using Ditar.Onnx;
using Ditar.Reference.Speech;

namespace Ditar.Parity;

internal sealed class EnginePast : IDisposable
{
    private string passage = "";
    private ILanguageState? state;

    /// <summary>An empty past, for a prefill.</summary>
    public ILanguageState Begin(string scenario, ILanguageModel language)
    {
        Dispose();
        (passage, state) = (scenario, language.Start());
        return state;
    }

    /// <exception cref="RecordingException">Something else was read than what the step follows.</exception>
    public ILanguageState Before(ModuleCall step)
    {
        var expected = step[GraphNames.PastKeys(0)];
        // [1, positions, heads, head dim]: the engine must have read as many.
        if (state is null || passage != step.Scenario || expected.Shape is not [1, var positions, ..] || positions != state.Length)
            throw new RecordingException(step.Name, GraphNames.PastKeys(0), $"the positions of the prefill before it, {state?.Length ?? 0} of {passage}", expected.ShapeText);
        return state;
    }

    public void Dispose() => state?.Dispose();
}
