// Which thread computes which panel. Each begins with its own run of consecutive panels, from the front; one that has finished takes panels from the
// end of another's run. So a thread that wakes late or loses its core for a while (a shared machine does that) holds up nobody for longer than a panel.
// Panels are independent sums: who computes one changes no bit.

namespace Ditar.Simd;

/// <summary>The runs of all parts, in memory of the caller's frame: one cache line each, first and last panel in the halves of a word.</summary>
internal readonly unsafe struct PanelQueue
{
    private const int Words = NativeBuffer.Alignment / sizeof(long);

    private readonly long* _runs;
    private readonly int _parts;

    /// <param name="runs">[parts, 8], overwritten.</param>
    /// <param name="parts">How many.</param>
    /// <param name="panels">Shared out evenly.</param>
    public PanelQueue(long* runs, int parts, int panels)
    {
        _runs = runs;
        _parts = parts;
        for (var part = 0; part < parts; part++)
            runs[part * Words] = Pack((int)((long)panels * part / parts), (int)((long)panels * (part + 1) / parts));
    }

    /// <summary>How many share the panels.</summary>
    public int Parts => _parts;

    /// <summary>Words that a queue of this many parts needs.</summary>
    public static int Length(int parts) => parts * Words;

    /// <summary>Takes a panel for a part; false when all are taken.</summary>
    /// <param name="part">Whose turn it is.</param>
    /// <param name="panel">To be computed.</param>
    /// <param name="next">Probably the one after that, or the same where nothing is left.</param>
    /// <param name="end">Where the part's own run ends at present; 0 if the panel is from another's.</param>
    public bool TryTake(int part, out int panel, out int next, out int end)
    {
        for (var i = 0; i < _parts; i++)
        {
            ref var run = ref _runs[(part + i) % _parts * Words];
            while (true)
            {
                var seen = Volatile.Read(ref run);
                var (from, to) = ((int)seen, (int)(seen >> 32));
                if (from >= to)
                    break;
                var left = i == 0 ? Pack(from + 1, to) : Pack(from, to - 1);
                if (Interlocked.CompareExchange(ref run, left, seen) != seen)
                    continue;
                panel = i == 0 ? from : to - 1;
                next = to - from == 1 ? panel : i == 0 ? from + 1 : to - 2;
                end = i == 0 ? to : 0;
                return true;
            }
        }

        panel = next = end = 0;
        return false;
    }

    private static long Pack(int from, int to) => (uint)from | ((long)to << 32);
}
