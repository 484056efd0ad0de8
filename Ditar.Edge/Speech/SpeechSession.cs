// What one utterance is spoken with: a generation loop whose parts nobody else uses meanwhile. Given back when the utterance is over.

using Ditar.Reference.Speech;

namespace Ditar.Edge;

/// <param name="Loop">With the vocoder: patches come with their samples.</param>
/// <param name="Silent">Without: latents only, for a vocoder that runs beside it.</param>
internal sealed record SpeechSession(GenerationLoop Loop, GenerationLoop Silent, Action? GiveBack = null) : IDisposable
{
    public void Dispose() => GiveBack?.Invoke();
}
