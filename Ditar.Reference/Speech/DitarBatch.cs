// One training batch, packed: every patch of every utterance is one row, and index lists say which row goes where. Draws (times, noise, dropped
// conditions) are part of the batch, so the loss is a pure function and the same batch gives the same loss on every backend.
// N = patches in all, S = diffusion samples per patch.

namespace Ditar.Reference.Speech;

public sealed record DitarBatch
{
    /// <summary>Clean targets [N, P, D].</summary>
    public required Tensor Patches { get; init; }

    /// <summary>What LocEnc reads [N, P, D]: the patches, or a slightly noisy copy.</summary>
    public required Tensor EncoderPatches { get; init; }

    /// <summary>Clean history of each patch [N, K*P, D], zeros before the beginning; or a slightly noisy copy.</summary>
    public required Tensor History { get; init; }

    /// <summary>All text symbols, utterance after utterance, each ending in audio-start.</summary>
    public required int[] Symbols { get; init; }

    /// <summary>Rows of the language model's input [utterances * time]: a symbol's place in Symbols, Symbols.Length + a patch, or -1 for padding.</summary>
    public required int[] InputRows { get; init; }

    /// <summary>Utterances.</summary>
    public required int Count { get; init; }

    /// <summary>For each patch the row of InputRows whose output conditions it [N].</summary>
    public required int[] ConditionRows { get; init; }

    /// <summary>1 where a patch is the last of its utterance [N].</summary>
    public required bool[] Last { get; init; }

    /// <summary>Times [N*S], sample-major: all patches for sample 0, then all for sample 1.</summary>
    public required double[] Times { get; init; }

    /// <summary>Noise [N*S, P, D].</summary>
    public required Tensor Noise { get; init; }

    /// <summary>True where h is zeroed for guidance [N*S].</summary>
    public required bool[] DropCondition { get; init; }
}
