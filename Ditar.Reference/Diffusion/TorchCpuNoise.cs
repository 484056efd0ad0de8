// The noise that PyTorch draws on a CPU in float32 for a seed: what torch.manual_seed(seed) and one torch.randn(1, D, P) per patch give. Uniforms of 24 bits
// fill the block; then each 16 of them become normals in pairs eight apart (Box and Muller). A block whose length is no multiple of 16 has its last 16
// numbers drawn again. PyTorch's vector code rounds sines and logarithms otherwise: values agree to a few units in the last place, not to the bit.
// Left out: blocks of fewer than 16 numbers, which PyTorch draws one by one in another way.

using Ditar.Reference.Randomness;

namespace Ditar.Reference.Diffusion;

/// <param name="Seed">Only its low 32 bits count.</param>
public sealed record TorchCpuNoise(ulong Seed) : INoise
{
    private const int Group = 16;
    private const float Ulp24 = 1f / (1 << 24);
    private readonly Lock turn = new();
    private MersenneTwister? generator;
    private int drawn;
    private float[] last = [];

    /// <exception cref="ArgumentException">The block is smaller than 16 numbers or is a batch.</exception>
    public Tensor Draw(int patch, ElementType type, ReadOnlySpan<int> shape)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(patch);
        if (shape.Length != 3 || shape[0] != 1 || shape[1] * shape[2] < Group)
            throw new ArgumentException($"PyTorch's noise is drawn for one patch of at least {Group} numbers, asked for {ShapeText.Of(shape)}.", nameof(shape));
        var count = shape[1] * shape[2];
        lock (turn)
        {
            // Patches are asked for in order; an earlier one, or another shape, starts again from the seed.
            if (generator is null || patch < drawn - 1 || (drawn > 0 && last.Length != count)) (generator, drawn) = (new MersenneTwister((uint)Seed), 0);
            while (drawn <= patch)
            {
                last = Block(generator, count);
                drawn++;
            }

            return Tensor.From(last, 1, shape[2], shape[1]).Transpose(1, 2).To(type);              // drawn as [D, P]
        }
    }

    /// <summary>One torch.randn of <paramref name="count"/> numbers.</summary>
    public static float[] Block(MersenneTwister generator, int count)
    {
        ArgumentNullException.ThrowIfNull(generator);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, Group);
        var block = new float[count];
        foreach (ref var uniform in block.AsSpan()) uniform = Uniform(generator);
        for (var at = 0; at + Group <= count; at += Group) Transform(block.AsSpan(at, Group));
        if (count % Group == 0) return block;
        var tail = block.AsSpan(count - Group);
        foreach (ref var uniform in tail) uniform = Uniform(generator);
        Transform(tail);
        return block;
    }

    private static float Uniform(MersenneTwister generator) => (generator.Next() & 0xffffff) * Ulp24;

    private static void Transform(Span<float> group)
    {
        for (var j = 0; j < Group / 2; j++)
        {
            var radius = MathF.Sqrt(-2 * MathF.Log(1 - group[j]));
            var (sine, cosine) = MathF.SinCos(2 * MathF.PI * group[j + (Group / 2)]);
            (group[j], group[j + (Group / 2)]) = (radius * cosine, radius * sine);
        }
    }
}
