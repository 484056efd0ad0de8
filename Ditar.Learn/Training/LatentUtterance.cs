// One utterance as DiTAR trains on it: scaled latents with its text and labels.

namespace Ditar.Learn;

/// <param name="Latents">[frames, D] row-major, standardised per channel; whole patches.</param>
/// <param name="Phones">[frames] phone number at each latent's centre.</param>
public sealed record LatentUtterance(string Text, TextKind Kind, string Voice, CorpusSplit Split, float[] Latents, int[] Phones);
