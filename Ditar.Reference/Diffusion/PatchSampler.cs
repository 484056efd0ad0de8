// The sampler of one patch: path, grid, solver, guidance and temperature composed (spec, section 4). DiTAR's own and VoxCPM's are two settings of it.
//
//     x = noise if m = N else zeros
//     for n = N .. 1:                                            # from t_n down to t_{n-1}; here t_0 = 0 and t_N = 1
//         x = a(t_{n-1}) x0_hat(x, v, t_n) + s(t_{n-1}) noise    if n - 1 = m
//             solver step t_n -> t_{n-1}                         otherwise

using Ditar.Reference.Speech;

namespace Ditar.Reference.Diffusion;

/// <summary>What the sampler is asked for.</summary>
/// <param name="Condition">[batch, width], h.</param>
/// <param name="History">[batch, K*P, D], clean latents.</param>
/// <param name="Latents">P.</param>
/// <param name="Number">Which patch of the utterance: the address of its noise.</param>
public sealed record PatchRequest(Tensor Condition, Tensor History, int Latents, int Number);

/// <summary>A composed sampler; a value, without state.</summary>
public sealed record PatchSampler(GaussianPath Path, TimeGrid Grid, ISolverStep Solver, Guidance Guidance, Temperature Temperature)
{
    /// <summary>DiTAR's own: trigonometric path, uniform grid, DDIM, plain guidance, noise entering at tau.</summary>
    public static PatchSampler Ditar(SamplerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new(new TrigonometricPath(), TimeGrid.Uniform(options.Steps), new DdimStep(), new PlainGuidance(options.Guidance), new NoiseTime(options.Temperature));
    }

    /// <summary>VoxCPM's: straight path, sway grid, Euler, CFG-Zero*, noise times a factor.</summary>
    /// <param name="guidance">VoxCPM's cfg_value, 1 + w.</param>
    public static PatchSampler VoxCpm(int steps = 10, double guidance = 2, double temperature = 1, double sway = 1) =>
        new(new StraightPath(), TimeGrid.Sway(steps, sway), new EulerStep(), new ZeroStarGuidance(guidance - 1), new NoiseFactor(temperature));

    /// <returns>[batch, P, D], a clean patch.</returns>
    /// <exception cref="OperationCanceledException">Cancelled; looked at before every velocity.</exception>
    public Tensor Sample(IVelocityField field, PatchRequest request, INoise noise, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(field);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(noise);
        var type = request.Condition.Type;
        int[] shape = [request.Condition[0], request.Latents, request.History[2]];
        var m = Temperature.NoiseIndex(Grid);
        var moving = Grid.Steps - Guidance.RestingSteps(Grid.Steps);
        var patch = Begin(field, request);
        Velocity guided = Guided;
        var x = m == Grid.Steps ? Noise() : Tensor.Zeros(type, shape);                             // [batch, P, D]
        for (var n = Grid.Steps; n >= 1; n--)
        {
            cancellation.ThrowIfCancellationRequested();
            Velocity velocity = n > moving ? (state, _) => Tensor.Zeros(state.Type, state.Shape) : guided;
            x = n - 1 == m
                ? Renoise(Grid[n - 1], Path.At(Grid[n]).CleanFromVelocity(x, velocity(x, Grid[n])))
                : Solver.Advance(Path, velocity, x, Grid[n], Grid[n - 1]);
        }

        return x;

        Tensor Noise() => noise.Draw(request.Number, type, shape) * Temperature.NoiseScale;

        // At t = 0 the level is zero and nothing is drawn: the result ignores the seed.
        Tensor Renoise(double t, Tensor clean) => Path.Noise(t) == 0 ? clean * Path.Signal(t) : Path.At(t).Mix(clean, Noise());

        Tensor Guided(Tensor state, double t)
        {
            cancellation.ThrowIfCancellationRequested();
            return GuidedVelocity(patch, state, t);
        }
    }

    // Both branches are one batch of twice the size: the weights are read once.
    private IPatchField Begin(IVelocityField field, PatchRequest request)
    {
        var (condition, history) = (request.Condition, request.History);
        return Guidance.Weight == 0
            ? field.Begin(condition, history)
            : field.Begin(Tensor.Concat(0, condition, Tensor.Zeros(condition.Type, condition.Shape)), Tensor.Concat(0, history, history));
    }

    private Tensor GuidedVelocity(IPatchField patch, Tensor x, double t)
    {
        if (Guidance.Weight == 0) return patch.Velocity(x, t);
        var both = patch.Velocity(Tensor.Concat(0, x, x), t);                                      // [2*batch, P, D]
        return Guidance.Combine(both.Slice(0, 0, x[0]), both.Slice(0, x[0], x[0]));                // [batch, P, D]
    }
}
