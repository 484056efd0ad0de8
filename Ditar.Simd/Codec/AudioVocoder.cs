// The fastest decoder that an audio VAE can have: the fused one, or the definition's where that lacks a part, which no released model has.

using Ditar.Reference.Speech;
using Ditar.Reference.VoxCpm;

namespace Ditar.Simd;

/// <param name="Vocoder">The caller's to dispose where it is disposable.</param>
/// <param name="Missing">What the fused decoder lacks, as part of a sentence; null where it decodes.</param>
public sealed record AudioVocoder(IVocoder Vocoder, string? Missing)
{
    public bool IsFused => Missing is null;

    /// <param name="pool">For the fused decoder; null for one thread.</param>
    public static AudioVocoder Of(AudioVae vae, WorkerPool? pool = null)
    {
        ArgumentNullException.ThrowIfNull(vae);
        try
        {
            return new(new FusedVocoder(vae, pool), null);
        }
        catch (NotSupportedException missing)
        {
            return new(vae.Vocoder(), missing.Message.TrimEnd('.'));
        }
    }
}
