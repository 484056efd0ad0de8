// Linear warm-up, a stretch at the peak, then a cosine down to a fraction of it.

namespace Ditar.Learn;

/// <param name="Peak">Rate after the warm-up.</param>
/// <param name="WarmUp">Steps of linear rise.</param>
/// <param name="Steps">Length of the whole run.</param>
/// <param name="Final">Where the cosine ends, as a fraction of the peak; 1 keeps the rate constant.</param>
/// <param name="Hold">Step up to which the peak is held; a run that is still held can be resumed with other Hold and Steps.</param>
public sealed record LearningRate(double Peak, int WarmUp, int Steps, double Final, int Hold = 0)
{
    /// <param name="step">From 0.</param>
    public double At(int step)
    {
        if (step < WarmUp) return Peak * (step + 1) / WarmUp;
        var start = Math.Max(WarmUp, Hold);
        var progress = Math.Clamp((double)(step - start) / Math.Max(1, Steps - start), 0, 1);
        return Peak * (Final + ((1 - Final) * (1 + Math.Cos(Math.PI * progress)) / 2));
    }
}
