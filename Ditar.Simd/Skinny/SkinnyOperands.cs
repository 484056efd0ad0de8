// What every form of a skinny product shares: its operands and the way a finished tile goes to its place.

using System.Runtime.CompilerServices;

namespace Ditar.Simd;

/// <summary>A product's operands, and how its panels are shared out.</summary>
internal readonly unsafe struct SkinnyOperands(
    PanelShape shape, byte* panels, PreparedRows x, Epilogue epilogue, float* y, nint yRowStride, PanelQueue queue, NextMatrix next)
{
    public readonly PanelShape Shape = shape;
    public readonly PreparedRows X = x;
    public readonly Epilogue Epilogue = epilogue;
    public readonly byte* Panels = panels;
    public readonly float* Y = y;
    public readonly nint YRowStride = yRowStride;
    public readonly PanelQueue Queue = queue;
    public readonly NextMatrix Next = next;

    /// <summary>Stores a finished tile.</summary>
    [MethodImpl(Jit.Inline)]
    public void Finish<TWidth, TVector>(int panel, int row, int rows, float* tile)
        where TWidth : IWidth<TVector>
        where TVector : unmanaged
    {
        var column = panel * Shape.Columns;
        var epilogue = Epilogue;
        if (epilogue.Bias != null)
            epilogue.Bias += column;
        if (epilogue.Residual != null)
            epilogue.Residual += (row * epilogue.ResidualRowStride) + column;
        SkinnyEpilogue.Apply<TWidth, TVector>(
            in epilogue, Shape.Gated, rows, Math.Min(Shape.Columns, Shape.Outputs - column), Shape.Half, tile, X.Scales == null ? null : X.Scales + row,
            Y + (row * YRowStride) + column, YRowStride);
    }
}
