// A field that is a formula of everything at once, behind the interface that gives a patch's condition and history first.

using Ditar.Reference;
using Ditar.Reference.Speech;

namespace Ditar.Tests.Reference.Diffusion;

internal abstract class WholeField : IVelocityField
{
    /// <param name="time">[batch], all the same.</param>
    public abstract Tensor Velocity(Tensor x, Tensor time, Tensor condition, Tensor history);

    public IPatchField Begin(Tensor condition, Tensor history) => new Patch(this, condition, history);

    private sealed class Patch(WholeField field, Tensor condition, Tensor history) : IPatchField
    {
        public Tensor Velocity(Tensor x, double time) => field.Velocity(x, Tensor.Full(x.Type, time, x[0]), condition, history);
    }
}
