// What a stack has read, as ONNX Runtime holds it: keys and values stay in its memory, and what one run gives is fed to the next as it is.

namespace Ditar.Onnx;

internal sealed class OnnxCaches : IDisposable
{
    /// <summary>Positions.</summary>
    public int Length { get; private set; }

    /// <summary>Keys and values of each layer in turn, [1, Length, heads, headDim].</summary>
    public IReadOnlyList<OnnxTensor> Tensors { get; private set; } = [];

    /// <summary>The caches of a longer past, in the place of those held.</summary>
    /// <param name="tensors">This object's to dispose from now on.</param>
    /// <param name="time">Positions read.</param>
    public void Take(IReadOnlyList<OnnxTensor> tensors, int time)
    {
        Dispose();
        (Tensors, Length) = (tensors, Length + time);
    }

    public void Dispose()
    {
        foreach (var tensor in Tensors) tensor.Dispose();
        Tensors = [];
    }
}
