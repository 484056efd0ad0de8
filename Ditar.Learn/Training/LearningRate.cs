// Linear warm-up, then a cosine down to a fraction of the peak.

namespace Ditar.Learn;

/// <param name="Peak">Rate after the warm-up.</param>
/// <param name="WarmUp">Steps of linear rise.</param>
/// <param name="Steps">Length of the whole run.</param>
/// <param name="Final">Where the cosine ends, as a fraction of the peak; 1 keeps the rate constant.</param>
public sealed record LearningRate(double Peak, int WarmUp, int Steps, double Final)
{
    /// <param name="step">From 0.</param>
    public double At(int step)
    {
        if (step < WarmUp) return Peak * (step + 1) / WarmUp;
        var progress = Math.Min(1, (double)(step - WarmUp) / Math.Max(1, Steps - WarmUp));
        return Peak * (Final + ((1 - Final) * (1 + Math.Cos(Math.PI * progress)) / 2));
    }
}
