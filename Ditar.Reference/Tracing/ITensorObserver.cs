// Who wants to see a model run: which operations it consists of (the ONNX exporter), what each layer puts out (comparisons).

namespace Ditar.Reference.Tracing;

public interface ITensorObserver
{
    /// <summary>An operation was done. Operations that it is made of are not reported.</summary>
    void Operation(TensorOperation operation);

    /// <summary>A module begins.</summary>
    /// <param name="path">Its place in the module tree, which is how its weights' names begin: "encoder.transformer.layers.0.attention".</param>
    void Enter(string path);

    /// <summary>The module entered last ends; not called when it throws.</summary>
    /// <param name="output">What it returns. Inside an open <see cref="Arena"/> it dies with it: copy what has to last.</param>
    void Leave(string path, Tensor output);
}
