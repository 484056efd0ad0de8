// The encoder's answer, a Gaussian per latent and channel, its sample and its divergence from the standard normal (Kingma and Welling, 2014).

namespace Ditar.Reference.Vae;

/// <param name="Mean">[batch, frames, D]. What DiTAR models.</param>
/// <param name="LogVariance">[batch, frames, D].</param>
public sealed record Posterior(Tensor Mean, Tensor LogVariance)
{
    /// <summary>z = mean + exp(logvariance / 2) noise: differentiable in mean and log-variance.</summary>
    /// <param name="noise">[batch, frames, D], standard normal draws.</param>
    public Tensor Sample(Tensor noise) => Mean + ((LogVariance * 0.5).Exp() * noise);

    /// <summary>KL(N(mean, variance) || N(0, 1)) = (mean^2 + variance - 1 - logvariance) / 2, averaged over batch, frames and dims.</summary>
    public Tensor Divergence() => ((Mean.Square() + LogVariance.Exp() - LogVariance).Mean() - 1) * 0.5;
}
