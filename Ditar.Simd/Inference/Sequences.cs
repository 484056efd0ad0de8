namespace Ditar.Simd;

/// <summary>A batch of sequences of equal length, row after row in memory.</summary>
/// <param name="Count">Sequences.</param>
/// <param name="Time">Rows of each.</param>
internal readonly record struct Sequences(int Count, int Time)
{
    public int Rows => Count * Time;
}
