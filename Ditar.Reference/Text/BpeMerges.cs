// Byte-pair merging of one piece of text: again and again the neighbouring pair whose merge was learned first becomes one token, the leftmost of equals,
// until none is left. Pairs wait in a heap and tokens in a linked list, so a long piece costs n log n; pieces are never cut, because no rule says where.

namespace Ditar.Reference.Text;

internal sealed class BpeMerges(IReadOnlyDictionary<(int Left, int Right), (int Rank, int Merged)> merges)
{
    private const int Gone = -1;

    /// <summary>Merges in place.</summary>
    /// <param name="tokens">The characters' tokens; afterwards what they became.</param>
    public void Apply(List<int> tokens)
    {
        var count = tokens.Count;
        int[] token = [.. tokens], next = new int[count], before = new int[count];
        var waiting = new PriorityQueue<(int At, int Left, int Right, int Merged), (int Rank, int At)>();
        for (var i = 0; i < count; i++) (before[i], next[i]) = (i - 1, i + 1);
        for (var i = 0; i + 1 < count; i++) Consider(i);
        while (waiting.TryDequeue(out var pair, out _))
        {
            // Either side may have become part of another token since.
            var right = token[pair.At] == Gone ? count : next[pair.At];
            if (right >= count || token[pair.At] != pair.Left || token[right] != pair.Right) continue;
            token[pair.At] = pair.Merged;
            token[right] = Gone;
            next[pair.At] = next[right];
            if (next[right] < count) before[next[right]] = pair.At;
            if (before[pair.At] >= 0) Consider(before[pair.At]);
            Consider(pair.At);
        }

        tokens.Clear();
        for (var i = 0; i < count; i = next[i]) tokens.Add(token[i]);

        void Consider(int left)
        {
            if (next[left] < count && merges.TryGetValue((token[left], token[next[left]]), out var merge))
                waiting.Enqueue((left, token[left], token[next[left]], merge.Merged), (merge.Rank, left));
        }
    }
}
