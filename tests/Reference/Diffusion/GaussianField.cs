// Data whose velocity is known exactly: independent N(mu, sigma^2) in every element. The state at t is N(a mu, D^2), D^2 = a^2 sigma^2 + s^2, and with
// z = (x - a mu) / D the posterior means are
//     E[x0 | x] = mu + (a sigma^2 / D) z,    E[eps | x] = (s / D) z,    v = a' E[x0 | x] + s' E[eps | x] = a' mu + D' z.
// The reverse ODE keeps z, so x_1 = a_1 mu + D_1 z arrives at mu + sigma z.

using Ditar.Reference;
using Ditar.Reference.Diffusion;

namespace Ditar.Tests.Reference.Diffusion;

internal sealed class GaussianField(GaussianPath path, double mean, double deviation) : WholeField
{
    public int Calls { get; private set; }

    public double Spread(double t) => Math.Sqrt(Math.Pow(path.Signal(t) * deviation, 2) + Math.Pow(path.Noise(t), 2));

    /// <summary>By what one DDIM step multiplies x - a mu: recomposed from the posterior means, (a_s a_t sigma^2 + s_s s_t) / D_t^2.</summary>
    public double DdimFactor(double t, double s) =>
        ((path.Signal(s) * path.Signal(t) * deviation * deviation) + (path.Noise(s) * path.Noise(t))) / Math.Pow(Spread(t), 2);

    public override Tensor Velocity(Tensor x, Tensor time, Tensor condition, Tensor history)
    {
        Calls++;
        var t = time.ToDoubles()[0];
        var spread = Spread(t);
        var z = (x - (path.Signal(t) * mean)) / spread;
        var spreadRate = ((path.Signal(t) * path.SignalRate(t) * deviation * deviation) + (path.Noise(t) * path.NoiseRate(t))) / spread;
        return (z * spreadRate) + (path.SignalRate(t) * mean);
    }
}
