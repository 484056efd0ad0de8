// Cuts a text into utterances that a model can hold: at the ends of sentences, and where a sentence is still too long, at its commas, then between words
// (UnbrokenWords), at last inside a word. DiTAR's own models read words without punctuation: cutting looks at the text as written, lengths at the text as
// read ("1998" is eleven letters longer when spoken), and every sentence is an utterance. VoxCPM reads text as it is written: what fits is one utterance,
// as in the official code, and neighbours are joined as far as they fit.

using System.Text;
using Ditar.Reference.VoxCpm;

namespace Ditar.Edge;

internal static class UtteranceSplitter
{
    // A Chinese character takes about as long to say as three Latin letters.
    private const int WideWeight = 3;

    /// <param name="text">As written.</param>
    /// <param name="read">Turns a piece of it into what the model reads: words with single spaces between.</param>
    /// <param name="longest">Characters of an utterance as read, at least 1.</param>
    /// <returns>None empty, none longer; their words in order are those of the pieces as read.</returns>
    public static IReadOnlyList<(string Text, UtteranceBreak Break)> Split(string text, Func<string, string> read, int longest)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(longest, 1);
        var cutter = new Cutter(longest, WideWeight: 1);
        return Cutter.Trimmed(SentenceBreaks.Sentences(text).SelectMany(sentence => cutter.Sentence(sentence, Spaced)));

        // The space joins it to what follows.
        string Spaced(string piece) => read(piece) is { Length: > 0 } words ? words + " " : "";
    }

    /// <summary>Text for models that read punctuation: white space is folded, nothing else changes.</summary>
    /// <param name="longest">The longest utterance by <see cref="Measure"/>; at least 8.</param>
    /// <returns>None empty, none longer; together they are the folded text, but for white space at the cuts. One that is the whole text keeps its ends as they are.</returns>
    /// <exception cref="ArgumentException">There is nothing but white space.</exception>
    public static IReadOnlyList<(string Text, UtteranceBreak Break)> SplitAsWritten(string text, int longest)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(longest, 8);
        var whole = VoxCpmSpeaker.Folded(text);
        if (Measure(whole) <= longest) return [(whole, UtteranceBreak.Sentence)];
        var cutter = new Cutter(longest, WideWeight);
        var (pieces, paragraph) = (new List<(string, UtteranceBreak)>(), new List<(string, UtteranceBreak)>());
        foreach (var sentence in SentenceBreaks.Sentences(text))
        {
            paragraph.AddRange(cutter.Sentence(sentence, Folded));
            if (!sentence.EndsWith('\n')) continue;
            pieces.AddRange(cutter.Pack(paragraph));
            paragraph.Clear();
        }

        pieces.AddRange(cutter.Pack(paragraph));
        return Cutter.Trimmed(pieces);

        static string Folded(string piece) => string.IsNullOrWhiteSpace(piece) ? "" : VoxCpmSpeaker.Folded(piece);
    }

    /// <summary>How long a text is to say, in Latin letters: characters that stand for a syllable count three. White space at the ends does not count.</summary>
    public static int Measure(ReadOnlySpan<char> text) => Weighed(text.Trim(), WideWeight);

    private static int Weighed(ReadOnlySpan<char> text, int wide)
    {
        if (wide == 1) return text.Length;
        var length = text.Length;
        foreach (var character in text)
            if (SentenceBreaks.IsWide(character)) length += wide - 1;
        return length;
    }

    // Parts keep the white space at their ends, which joins them; it only falls away where a cut remains.
    private readonly record struct Cutter(int Longest, int WideWeight)
    {
        public List<(string Text, UtteranceBreak Break)> Sentence(string sentence, Func<string, string> read)
        {
            var spoken = read(sentence);
            if (spoken.Length == 0) return [];
            if (Length(spoken) <= Longest) return [(spoken, UtteranceBreak.Sentence)];
            var cutter = this;
            var parts = Pack(SentenceBreaks.Clauses(sentence).Select(read).Where(clause => clause.Length > 0).SelectMany(clause => cutter.Fit(clause)));
            if (parts.Count > 0) parts[^1] = (parts[^1].Text, UtteranceBreak.Sentence);
            return parts;
        }

        /// <summary>Joins neighbours as long as they fit.</summary>
        public List<(string Text, UtteranceBreak Break)> Pack(IEnumerable<(string Text, UtteranceBreak Break)> parts) => Pack(parts, Longest);

        public static IReadOnlyList<(string Text, UtteranceBreak Break)> Trimmed(IEnumerable<(string Text, UtteranceBreak Break)> parts) =>
            [.. parts.Select(part => (part.Text.Trim(), part.Break)).Where(part => part.Item1.Length > 0)];

        // One clause as read, cut between words where it is too long, and inside a word where there is no other way.
        private List<(string Text, UtteranceBreak Break)> Fit(string clause)
        {
            if (Length(clause) <= Longest) return [(clause, UtteranceBreak.Clause)];
            var cutter = this;
            var words = UnbrokenWords.Of(clause).SelectMany(word => UnbrokenWords.Chopped(word, cutter.Length, cutter.Longest)).Select(word => (word, UtteranceBreak.Word)).ToList();
            var count = Pack(words, Longest).Count;
            // As many parts as are needed, and none much shorter than the others: a lone last word is badly spoken.
            // The spaces at the cuts fall away, so the mean may be one more than the longest.
            var limit = Math.Min(Longest, (Length(clause) + count - 1) / count);
            while (Pack(words, limit).Count > count) limit++;
            var parts = Pack(words, limit);
            parts[^1] = (parts[^1].Text, UtteranceBreak.Clause);
            return parts;
        }

        private List<(string Text, UtteranceBreak Break)> Pack(IEnumerable<(string Text, UtteranceBreak Break)> parts, int longest)
        {
            var packed = new List<(string, UtteranceBreak)>();
            var line = new StringBuilder();
            var (length, after) = (0, UtteranceBreak.Word);
            foreach (var (text, kind) in parts)
            {
                if (length > 0 && length + Weighed(text.AsSpan().TrimEnd(), WideWeight) > longest)
                {
                    packed.Add((line.ToString(), after));
                    line.Clear();
                    length = 0;
                }

                // White space at the start of a line will fall away.
                length += Weighed(line.Length == 0 ? text.AsSpan().TrimStart() : text, WideWeight);
                line.Append(text);
                after = kind;
            }

            if (line.Length > 0) packed.Add((line.ToString(), after));
            return packed;
        }

        private int Length(string text) => Weighed(text.AsSpan().Trim(), WideWeight);
    }
}
