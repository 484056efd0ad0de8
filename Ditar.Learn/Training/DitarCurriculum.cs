// Which utterances make up the batch of a step (recipe, section 4): an epoch is shuffled, blocks of eight batches are sorted by length and cut, the
// batches shuffled. The first steps see digits only, without prompts. Later an utterance may follow another of the same voice: the prompt.

using Ditar.Reference.Speech;

namespace Ditar.Learn;

/// <param name="Batch">Utterances per step.</param>
/// <param name="DigitSteps">Steps at the start on digits only, no prompts.</param>
/// <param name="PromptShare">Probability that an utterance gets a prompt.</param>
/// <param name="PromptPatches">Longest prompt.</param>
public sealed record CurriculumOptions(ulong Seed, int Batch = 16, int DigitSteps = 400, double PromptShare = 0.6, int PromptPatches = 20, int LongestPatches = 60);

/// <param name="Prompt">Comes before, with its own text; null for none.</param>
public readonly record struct TrainingItem(LatentUtterance Utterance, LatentUtterance? Prompt);

public sealed class DitarCurriculum
{
    private readonly CurriculumOptions options;
    private readonly int perPatch;
    private readonly LatentUtterance[] digits;
    private readonly LatentUtterance[] all;
    private readonly Dictionary<string, LatentUtterance[]> prompts;
    private readonly Lock planLock = new();
    private (int Epoch, bool Digits, LatentUtterance[][] Batches) plan = (-1, false, []);

    public DitarCurriculum(IEnumerable<LatentUtterance> utterances, DitarConfig config, CurriculumOptions options)
    {
        this.options = options;
        perPatch = config.PatchSize * config.LatentDim;
        all = [.. utterances.Where(u => u.Split == CorpusSplit.Train && Patches(u) <= options.LongestPatches)];
        digits = [.. all.Where(u => u.Kind == TextKind.Digits)];
        prompts = all.Where(u => Patches(u) <= options.PromptPatches).GroupBy(u => u.Voice).ToDictionary(g => g.Key, g => g.ToArray());
        if (digits.Length < options.Batch) throw new TrainingException($"{digits.Length} digit strings to train on; a batch alone needs {options.Batch}.");
    }

    public int Patches(LatentUtterance utterance) => utterance.Latents.Length / perPatch;

    /// <summary>The items of one step, longest first.</summary>
    public IReadOnlyList<TrainingItem> Batch(int step)
    {
        var onlyDigits = step < options.DigitSteps;
        var random = TextRandom.For(options.Seed, step);
        var items = Plan(onlyDigits ? step : step - options.DigitSteps, onlyDigits).Select(u =>
        {
            if (onlyDigits || !random.Chance(options.PromptShare)) return new TrainingItem(u, null);
            var prompt = random.Pick(prompts[u.Voice]);
            return new TrainingItem(u, ReferenceEquals(prompt, u) ? null : prompt);
        });
        return [.. items.OrderByDescending(i => Patches(i.Utterance) + (i.Prompt is null ? 0 : Patches(i.Prompt)))];
    }

    private LatentUtterance[] Plan(int step, bool onlyDigits)
    {
        var pool = onlyDigits ? digits : all;
        var perEpoch = pool.Length / options.Batch;
        var (epoch, index) = Math.DivRem(step, perEpoch);
        lock (planLock)
        {
            if (plan.Epoch != epoch || plan.Digits != onlyDigits) plan = (epoch, onlyDigits, Cut(pool, epoch));
            return plan.Batches[index];
        }
    }

    private LatentUtterance[][] Cut(LatentUtterance[] pool, int epoch)
    {
        var random = TextRandom.For(options.Seed ^ 0x45504F4348, epoch);
        LatentUtterance[] order = [.. pool];
        random.Shuffle<LatentUtterance>(order);
        LatentUtterance[][] batches = [.. order.Chunk(8 * options.Batch).SelectMany(block => block.OrderBy(Patches).Chunk(options.Batch)).Where(b => b.Length == options.Batch)];
        random.Shuffle<LatentUtterance[]>(batches);
        // A last partial batch may fall out of any block; repeat the first so that every epoch has the same number of steps.
        return [.. Enumerable.Range(0, pool.Length / options.Batch).Select(i => batches[i % batches.Length])];
    }
}
