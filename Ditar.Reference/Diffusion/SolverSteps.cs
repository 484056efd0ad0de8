// One step of the reverse ODE dx/dt = v(x, t) from t down to an earlier s (spec, section 3).
// Left out: multi-step solvers, which would need the velocities of earlier steps.

namespace Ditar.Reference.Diffusion;

/// <param name="x">[batch, ...].</param>
/// <returns>[batch, ...]: the (guided) velocity at x and t.</returns>
public delegate Tensor Velocity(Tensor x, double t);

/// <summary>A rule for one step.</summary>
public interface ISolverStep
{
    /// <param name="x">[batch, ...], the state at <paramref name="t"/>.</param>
    /// <param name="s">Below <paramref name="t"/>.</param>
    /// <returns>[batch, ...], the state at <paramref name="s"/>.</returns>
    Tensor Advance(GaussianPath path, Velocity velocity, Tensor x, double t, double s);
}

/// <summary>
/// DDIM: x0 and eps, read off x and v, stay what they are over the step: x_s = a_s x0 + s_s eps. Exact where they really are constant (a single
/// data point), which Euler on a bent path is not. On the trigonometric path it is the rotation cos(phi_t - phi_s) x - sin(phi_t - phi_s) (2/pi) v.
/// </summary>
public sealed record DdimStep : ISolverStep
{
    public Tensor Advance(GaussianPath path, Velocity velocity, Tensor x, double t, double s)
    {
        var v = velocity(x, t);
        var here = path.At(t);
        return path.At(s).Mix(here.CleanFromVelocity(x, v), here.NoiseFromVelocity(x, v));
    }
}

/// <summary>Euler: x - (t - s) v. First order; equals DDIM on the straight path.</summary>
public sealed record EulerStep : ISolverStep
{
    public Tensor Advance(GaussianPath path, Velocity velocity, Tensor x, double t, double s) => x - (velocity(x, t) * (t - s));
}

/// <summary>Heun: Euler, then again with the mean of the velocities at both ends. Second order, two velocities a step.</summary>
public sealed record HeunStep : ISolverStep
{
    public Tensor Advance(GaussianPath path, Velocity velocity, Tensor x, double t, double s)
    {
        var v = velocity(x, t);
        var euler = x - (v * (t - s));
        return x - ((v + velocity(euler, s)) * ((t - s) / 2));
    }
}
