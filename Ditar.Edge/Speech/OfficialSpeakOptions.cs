// What a caller may choose about one act of speaking with an official VoxCPM folder. The defaults are the official ones.

using Ditar.Reference.Diffusion;
using Ditar.Reference.VoxCpm;

namespace Ditar.Edge;

public sealed record OfficialSpeakOptions
{
    /// <summary>The most attempts that may be asked for.</summary>
    public const int MostAttempts = 16;

    /// <summary>The official number of attempts for sound that is not heard while it is made.</summary>
    public const int OfficialAttempts = 3;

    /// <summary>What is heard before; none makes up a voice with the first utterance and stays with it.</summary>
    public VoxCpmVoice Voice { get; init; } = VoxCpmVoice.None;

    /// <summary>A description of the voice or the style.</summary>
    public string? Control { get; init; }

    /// <summary>The same seed and text give the same speech. Utterances and attempts have seeds of their own, counted up from this one.</summary>
    public ulong Seed { get; init; }

    /// <summary>Solver steps of each patch; the first rests.</summary>
    public int Steps { get; init; } = 10;

    /// <summary>w of the guidance, 0 is none; the official cfg_value is one more.</summary>
    public double Guidance { get; init; } = 1;

    /// <summary>Noise for a seed.</summary>
    public Func<ulong, INoise> Noise { get; init; } = seed => new SeededNoise(seed);

    /// <summary>
    /// An utterance that goes on for far longer than its text takes is made again, with the next seed, up to this many times in all; its sound is then handed
    /// out when it is complete. With 1 every patch is handed out as it is made, and nothing can be taken back.
    /// </summary>
    public int Attempts { get; init => field = value is >= 1 and <= MostAttempts ? value : throw new ArgumentException($"Attempts must be 1 to {MostAttempts}, found {value}."); } = 1;

    /// <summary>Longest utterance in Latin letters, a Chinese character counting three: about a quarter of a minute. What fits is one utterance, as in the official code.</summary>
    public int LongestUtterance { get; init => field = value >= 8 ? value : throw new ArgumentException($"An utterance has at least 8 characters, found {value}."); } = 240;

    /// <summary>Silence between two utterances, beside the little that is left of the model's own.</summary>
    public TimeSpan SentencePause { get; init; } = TimeSpan.FromSeconds(0.25);

    /// <summary>Silence where a sentence was cut.</summary>
    public TimeSpan ClausePause { get; init; } = TimeSpan.FromSeconds(0.08);

    /// <summary>Hears what the caller should know.</summary>
    public Action<string>? Notice { get; init; }

    /// <summary>Hears of patches that are made but not handed out yet: the utterance and how many it has.</summary>
    public Action<Utterance, int>? Made { get; init; }
}
