// Packs utterances into a DitarBatch and makes its draws: stratified times, noise, dropped conditions, and a little noise of random size on what
// the encoder and the history see, so that the model learns to go on from its own imperfect patches (recipe, section 4).

using Ditar.Reference;
using Ditar.Reference.Randomness;
using Ditar.Reference.Speech;

namespace Ditar.Learn;

/// <param name="Samples">S: diffusion samples per patch.</param>
/// <param name="DropCondition">Probability that h is zeroed.</param>
/// <param name="InputNoise">Largest deviation of the noise on encoder and history patches.</param>
public sealed record BatchDraws(int Samples = 2, double DropCondition = 0.1, double InputNoise = 0.3)
{
    /// <summary>For held-out figures: nothing dropped, no input noise.</summary>
    public static BatchDraws Clean { get; } = new(2, 0, 0);
}

/// <param name="Phones">One label per latent [N * P].</param>
public sealed record PackedBatch(DitarBatch Batch, int[] Phones);

public sealed class DitarBatchBuilder(DitarConfig config, Func<string, int[]> symbolsOf, int audioStart, int space)
{
    private readonly int size = config.PatchSize * config.LatentDim;

    /// <param name="seed">Of all draws.</param>
    /// <param name="stream">Which batch; equal streams make equal draws.</param>
    public PackedBatch Pack(IReadOnlyList<TrainingItem> items, BatchDraws draws, ulong seed, ulong stream)
    {
        var symbols = new List<int>();
        var sequences = new List<(int FirstSymbol, int Symbols, int FirstPatch, int Patches)>();
        var patches = new List<float>();
        var phones = new List<int>();
        foreach (var (utterance, prompt) in items)
        {
            var (firstSymbol, firstPatch) = (symbols.Count, patches.Count / size);
            foreach (var part in prompt is null ? [utterance] : new[] { prompt, utterance })
            {
                if (symbols.Count > firstSymbol) symbols.Add(space);
                symbols.AddRange(symbolsOf(part.Text));
                patches.AddRange(part.Latents);
                phones.AddRange(part.Phones);
            }

            symbols.Add(audioStart);
            sequences.Add((firstSymbol, symbols.Count - firstSymbol, firstPatch, (patches.Count / size) - firstPatch));
        }

        var count = patches.Count / size;
        var random = TextRandom.For(seed ^ 0x4452415753, (long)stream);
        var clean = patches.ToArray();
        var (rows, conditions) = Rows(sequences, count);
        var batch = new DitarBatch
        {
            Patches = Tensor.From(clean, count, config.PatchSize, config.LatentDim),
            EncoderPatches = Tensor.From(Noisy(clean, random, draws.InputNoise, seed, (stream << 2) | 1), count, config.PatchSize, config.LatentDim),
            History = History(Noisy(clean, random, draws.InputNoise, seed, (stream << 2) | 2), sequences, count),
            Symbols = [.. symbols],
            Count = items.Count,
            InputRows = rows,
            ConditionRows = conditions,
            Last = Last(sequences, count),
            Times = Times(count, draws.Samples, random),
            Noise = Tensor.From(Normals(count * draws.Samples * size, seed, stream << 2), count * draws.Samples, config.PatchSize, config.LatentDim),
            DropCondition = [.. Enumerable.Range(0, count * draws.Samples).Select(_ => random.Chance(draws.DropCondition))],
        };
        return new PackedBatch(batch, [.. phones]);
    }

    // Stratified: sample s of a patch lies in the s-th part of [0, 1].
    private static double[] Times(int count, int samples, TextRandom random) =>
        [.. Enumerable.Range(0, count * samples).Select(i => ((i / count) + random.NextUnit()) / samples)];

    private static bool[] Last(List<(int FirstSymbol, int Symbols, int FirstPatch, int Patches)> sequences, int count)
    {
        var last = new bool[count];
        foreach (var s in sequences) last[s.FirstPatch + s.Patches - 1] = true;
        return last;
    }

    // The sequence of an utterance: its symbols, then all patches but the last, which conditions nothing.
    private static (int[] Rows, int[] Conditions) Rows(List<(int FirstSymbol, int Symbols, int FirstPatch, int Patches)> sequences, int count)
    {
        var time = sequences.Max(s => s.Symbols + s.Patches - 1);
        var allSymbols = sequences[^1].FirstSymbol + sequences[^1].Symbols;
        var rows = new int[sequences.Count * time];
        Array.Fill(rows, -1);
        var conditions = new int[count];
        for (var b = 0; b < sequences.Count; b++)
        {
            var s = sequences[b];
            for (var i = 0; i < s.Symbols; i++) rows[(b * time) + i] = s.FirstSymbol + i;
            for (var i = 0; i < s.Patches; i++)
            {
                conditions[s.FirstPatch + i] = (b * time) + s.Symbols - 1 + i;
                if (i < s.Patches - 1) rows[(b * time) + s.Symbols + i] = allSymbols + s.FirstPatch + i;
            }
        }

        return (rows, conditions);
    }

    private Tensor History(float[] patches, List<(int FirstSymbol, int Symbols, int FirstPatch, int Patches)> sequences, int count)
    {
        var history = new float[count * config.HistoryPatches * size];
        foreach (var s in sequences)
        {
            for (var i = 0; i < s.Patches; i++)
            {
                for (var k = 1; k <= Math.Min(i, config.HistoryPatches); k++)
                {
                    // The patch just before is the last of the K.
                    var target = ((s.FirstPatch + i) * config.HistoryPatches) + config.HistoryPatches - k;
                    patches.AsSpan((s.FirstPatch + i - k) * size, size).CopyTo(history.AsSpan(target * size, size));
                }
            }
        }

        return Tensor.From(history, count, config.HistoryPatches * config.PatchSize, config.LatentDim);
    }

    private float[] Noisy(float[] clean, TextRandom random, double largest, ulong seed, ulong stream)
    {
        if (largest == 0) return clean;
        var noisy = Normals(clean.Length, seed, stream);
        for (var patch = 0; patch < clean.Length / size; patch++)
        {
            var deviation = (float)(largest * random.NextUnit());
            for (var i = patch * size; i < (patch + 1) * size; i++) noisy[i] = clean[i] + (deviation * noisy[i]);
        }

        return noisy;
    }

    private static float[] Normals(int count, ulong seed, ulong stream)
    {
        var draws = new float[count];
        NormalSource.FillNormal(seed, stream, 0, draws);
        return draws;
    }
}
