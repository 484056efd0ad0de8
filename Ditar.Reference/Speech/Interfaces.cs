// The four parts that the generation loop talks to (design decision 3). The spec's modules implement them here, the fused modules in Ditar.Simd,
// exported graphs elsewhere: the loop and the sampler are written once. Tensors returned are valid until the next call of the same object.
// P = latents per patch, K = history patches, D = latent dims.

namespace Ditar.Reference.Speech;

/// <summary>LocEnc: one patch in, one embedding out.</summary>
public interface IPatchEncoder
{
    /// <param name="patches">[count, P, D], scaled latents.</param>
    /// <returns>[count, width of the language model].</returns>
    Tensor Encode(Tensor patches);
}

/// <summary>The causal language model over text symbols and patch embeddings.</summary>
public interface ILanguageModel
{
    /// <returns>[symbols, width].</returns>
    Tensor Embed(ReadOnlySpan<int> symbols);

    /// <summary>An empty sequence.</summary>
    ILanguageState Start();

    /// <summary>Appends inputs to a sequence; a whole prompt at once (prefill) or one patch at a time gives the same outputs.</summary>
    /// <param name="inputs">[time, width].</param>
    /// <returns>[time, width]: h at each new position.</returns>
    Tensor Forward(Tensor inputs, ILanguageState state);

    /// <inheritdoc cref="Forward(Tensor, ILanguageState)"/>
    /// <param name="patches">[time], true where the input is a patch; a model that treats symbols and patches alike does not look.</param>
    Tensor Forward(Tensor inputs, ReadOnlySpan<bool> patches, ILanguageState state) => Forward(inputs, state);

    /// <summary>What of h the velocity field is told; h itself, unless the model projects it. Zeros stand for no condition.</summary>
    /// <param name="hidden">[1, width].</param>
    /// <returns>[1, width of the condition].</returns>
    Tensor Condition(Tensor hidden) => hidden;

    /// <param name="hidden">[1, width]: the h that conditions a patch.</param>
    /// <returns>The probability that this patch is the last.</returns>
    double StopProbability(Tensor hidden);
}

/// <summary>What a language model remembers of one sequence. Disposed when its sequence has ended, for states whose memory the collector does not know.</summary>
public interface ILanguageState : IDisposable
{
    /// <summary>Positions so far.</summary>
    int Length { get; }

    /// <summary>Whether <see cref="Fork"/> can be asked for.</summary>
    bool Forks => false;

    /// <summary>A copy that goes its own way: what was read once can be continued many times. The copy is disposed by itself.</summary>
    /// <exception cref="NotSupportedException">This kind of state cannot be copied.</exception>
    ILanguageState Fork() => throw new NotSupportedException("This language model's state cannot be copied.");
}

/// <summary>LocDiT: the velocity of a noisy patch.</summary>
public interface IVelocityField
{
    /// <summary>Turns to a patch. What stays the same while the solver steps is given here, and computed once.</summary>
    /// <param name="condition">[batch, width of the condition]: of <see cref="ILanguageModel.Condition"/>, or zeros for the unconditional branch.</param>
    /// <param name="history">[batch, K*P, D], clean latents.</param>
    /// <returns>The field of this patch, valid until the next one is begun.</returns>
    IPatchField Begin(Tensor condition, Tensor history);
}

/// <summary>The velocity of one noisy patch, given its condition and history.</summary>
public interface IPatchField
{
    /// <param name="x">[batch, P, D], noisy latents.</param>
    /// <param name="time">In [0, 1], the same for the whole batch.</param>
    /// <returns>[batch, P, D].</returns>
    Tensor Velocity(Tensor x, double time);
}

/// <summary>Latents to waveform.</summary>
public interface IVocoder
{
    int SampleRate { get; }

    /// <summary>Samples per latent.</summary>
    int Hop { get; }

    /// <summary>A stream; pushing latents in any pieces gives the samples of one offline decode.</summary>
    IVocoderState Start();
}

/// <summary>What a vocoder remembers of one stream. Disposed when its stream has ended, for states whose memory the collector does not know.</summary>
public interface IVocoderState : IDisposable
{
    /// <param name="latents">[frames, D], scaled as the model makes them; may be empty.</param>
    /// <param name="last">True with the last piece: everything held back comes out.</param>
    /// <returns>The samples that are final now: all pushes together frames * hop, mono.</returns>
    float[] Push(Tensor latents, bool last);
}
