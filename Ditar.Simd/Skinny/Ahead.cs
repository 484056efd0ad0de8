// What tiles ask for beside their arithmetic: the panels that come next. A processor fetches ahead by itself, but page by page, and one page at a time
// keeps memory waiting; so a whole group of panels is read at several places at once, evenly over the time that the group before it takes. Asking for
// one small panel at a time was half as fast: all its streams lie in a page or two.

namespace Ditar.Simd;

/// <summary>Addresses to ask for, one step of a tile after another: on to the next stream, and from the last stream back to a little after the first.</summary>
/// <remarks>Tiles copy the fields to locals, which the compiler then keeps in registers; a structure that changes it would keep in memory.</remarks>
internal unsafe struct Ahead
{
    private const int Streams = 16;

    /// <summary>Of a group: streams that begin in the same page are no streams to the processor, and two groups must fit the second-level cache.</summary>
    public const int GroupBytes = Streams * 16384;

    /// <summary>The first address.</summary>
    public byte* Next;

    /// <summary>Addresses from here on are behind the last stream.</summary>
    public byte* End;

    /// <summary>Bytes from one stream to the next.</summary>
    public nint Distance;

    /// <summary>Added behind the last stream.</summary>
    public nint Back;

    /// <summary>All of a range. Addresses may go a little beyond it: a prefetch faults on none.</summary>
    /// <param name="start">Where it begins.</param>
    /// <param name="bytes">Its size; of nothing, one line is asked for over and over, which costs nothing.</param>
    /// <param name="steps">How many steps will ask.</param>
    /// <param name="perStep">Bytes that a tile asks for at each address: one line or two.</param>
    public static Ahead Of(byte* start, nint bytes, nint steps, int perStep)
    {
        var distance = (bytes + Streams - 1) / Streams;
        var rounds = Math.Max(1, steps / Streams);
        var advance = Math.Min(perStep, (distance + rounds - 1) / rounds);
        return new Ahead { Next = start, End = start + bytes, Distance = distance, Back = advance - (Streams * distance) };
    }
}

/// <summary>Where the panels of the matrix begin that is probably multiplied with next; nothing where that is not known.</summary>
internal readonly unsafe struct NextMatrix(byte* memory, PanelShape shape)
{
    /// <summary>The first panels of a part's run.</summary>
    public (nint Start, nint Bytes) Run(int part, int parts)
    {
        var (from, end) = ((long)shape.Panels * part / parts, (long)shape.Panels * (part + 1) / parts);
        return ((nint)memory + ((nint)from * shape.PanelBytes), (nint)Math.Min((end - from) * shape.PanelBytes, Ahead.GroupBytes));
    }
}

/// <summary>Follows a thread from panel to panel and says what to ask for during each group of them.</summary>
internal unsafe struct AheadOfPanels
{
    private readonly nint _panels, _panelBytes, _stepsPerPanel;
    private readonly int _perStep, _group;
    private readonly (nint Start, nint Bytes) _next;
    private int _expected, _groupEnd;

    /// <param name="operands">Of the product.</param>
    /// <param name="part">Whose panels.</param>
    /// <param name="stepsPerPanel">Steps of tiles for all rows of a panel.</param>
    /// <param name="perStep">Bytes that a tile asks for at each address.</param>
    public AheadOfPanels(in SkinnyOperands operands, int part, nint stepsPerPanel, int perStep)
    {
        (_panels, _panelBytes, _stepsPerPanel, _perStep) = ((nint)operands.Panels, operands.Shape.PanelBytes, stepsPerPanel, perStep);
        _group = (int)Math.Clamp(Ahead.GroupBytes / Math.Max(_panelBytes, 1), 1, int.MaxValue);
        _next = operands.Next.Run(part, operands.Queue.Parts);
        (_expected, _groupEnd) = (-1, -1);
    }

    /// <summary>To be called with each panel that was taken; renews what is asked for where a group begins.</summary>
    /// <param name="panel">The panel.</param>
    /// <param name="following">The one after it.</param>
    /// <param name="end">End of the thread's own run; 0 for a panel that was taken from another's.</param>
    /// <param name="ahead">Goes on unless a group begins.</param>
    public void Enter(int panel, int following, int end, ref Ahead ahead)
    {
        if (panel == _expected && panel < _groupEnd)
        {
            _expected++;
            return;
        }

        if (end == 0)
        {
            _expected = -1;
            ahead = Ahead.Of((byte*)(_panels + (following * _panelBytes)), following == panel ? 0 : _panelBytes, _stepsPerPanel, _perStep);
            return;
        }

        (_expected, _groupEnd) = (panel + 1, Math.Min(panel + _group, end));
        var (start, bytes) = _groupEnd < end ? (_panels + (_groupEnd * _panelBytes), Math.Min(end - _groupEnd, _group) * _panelBytes) : _next;
        if (bytes == 0)
            start = _panels + (panel * _panelBytes);
        ahead = Ahead.Of((byte*)start, bytes, _stepsPerPanel * (_groupEnd - panel), _perStep);
    }
}
