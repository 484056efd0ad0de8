// The two lines with which a layer shows itself to an observer:
//     var here = Module.Enter(path);
//     return here.Output(y);

namespace Ditar.Reference.Tracing;

internal readonly ref struct Module
{
    private readonly ITensorObserver? observer;
    private readonly string path;

    private Module(string path)
    {
        this.path = path;
        observer = Observation.Current;
        observer?.Enter(path);
    }

    /// <param name="path">Of the layer's <see cref="Layers.ParameterScope"/>.</param>
    public static Module Enter(string path) => new(path);

    /// <summary>The layer's result, seen and passed on.</summary>
    public Tensor Output(Tensor y)
    {
        observer?.Leave(path, y);
        return y;
    }
}
