// The position-wise half of a transformer layer, in the paper's form and in VoxCPM's.

using Ditar.Reference.Tracing;

namespace Ditar.Reference.Layers;

public enum FeedForwardKind
{
    /// <summary>W2 gelu(W1 x + b1) + b2: DiTAR's sizes count two matrices.</summary>
    Gelu,

    /// <summary>W2 (silu(Wg x) * (Wu x)): three matrices, no biases.</summary>
    SwiGlu,
}

public sealed class FeedForward
{
    private readonly FeedForwardKind kind;
    private readonly string path;

    public FeedForward(ParameterScope scope, FeedForwardKind kind, int width, int hidden, Start? output = null)
    {
        this.kind = kind;
        path = scope.Path;
        var biased = kind == FeedForwardKind.Gelu;
        Gate = kind == FeedForwardKind.SwiGlu ? new Linear(scope["gate"], width, hidden, bias: false) : null;
        Up = new Linear(scope["up"], width, hidden, biased);
        Down = new Linear(scope["down"], hidden, width, biased, output);
    }

    public Linear? Gate { get; }

    public Linear Up { get; }

    public Linear Down { get; }

    /// <param name="x">[batch, time, width].</param>
    /// <returns>[batch, time, width].</returns>
    public Tensor Forward(Tensor x)
    {
        var here = Module.Enter(path);
        return here.Output(kind == FeedForwardKind.SwiGlu
            ? Down.Forward(Gate!.Forward(x).Silu() * Up.Forward(x))
            : Down.Forward(Up.Forward(x).Gelu()));
    }
}
