// LocEnc at work: a special token and the P latents of a patch are one short sequence with full attention; of the last layer only the special token's row
// is computed on. Patches of a prompt go through in blocks.

using Ditar.Reference;
using Ditar.Reference.Speech;

namespace Ditar.Simd;

internal sealed unsafe class EncoderSession(PackedEncoder weights, WorkerPool? pool) : IPatchEncoder, IDisposable
{
    // Rows of a block: enough that weights are read seldom, few enough that a layer's activations stay in the second-level cache.
    private const int BlockRows = 48;

    private readonly TransformerSession _transformer = new(weights.Transformer, pool);
    private readonly GrowingBuffer _tokens = new(), _latents = new(), _embeddings = new();

    public long Bytes => _transformer.Bytes + _tokens.Bytes + _latents.Bytes + _embeddings.Bytes;

    public Tensor Encode(Tensor patches)
    {
        ArgumentNullException.ThrowIfNull(patches);
        var (patchSize, latentDim) = (weights.PatchSize, weights.LatentDim);
        if (patches.Rank != 3 || patches[1] != patchSize || patches[2] != latentDim)
            throw new ArgumentException($"Patches are [count, {patchSize}, {latentDim}], found {patches}.", nameof(patches));
        InferenceSession.RequireSingles(patches, nameof(patches));
        var (count, width) = (patches[0], weights.Output.Weight.Outputs);
        var embeddings = _embeddings.Floats((long)count * width);
        var block = Math.Max(1, BlockRows / (1 + patchSize));
        fixed (float* latents = patches.Values<float>())
        {
            for (var first = 0; first < count; first += block)
            {
                var size = Math.Min(block, count - first);
                Encode(size, latents + ((nint)first * patchSize * latentDim), embeddings + ((nint)first * width));
            }
        }

        return Tensor.From(new ReadOnlySpan<float>(embeddings, checked(count * width)), count, width);
    }

    public void Dispose()
    {
        _transformer.Dispose();
        _tokens.Dispose();
        _latents.Dispose();
        _embeddings.Dispose();
    }

    private void Encode(int count, float* latents, float* embeddings)
    {
        var (patchSize, latentDim, width) = (weights.PatchSize, weights.LatentDim, weights.Transformer.Config.Width);
        var sequences = new Sequences(count, 1 + patchSize);
        var tokens = _tokens.Floats((long)sequences.Rows * width);                                 // [count, 1 + P, width]
        var projected = _latents.Floats((long)count * patchSize * width);
        var prepared = _transformer.Prepare(count * patchSize, latentDim, latents, latentDim, WeightFormat.Float32);
        weights.Input.Multiply(in prepared, projected, width, pool);
        for (var i = 0; i < count; i++)
        {
            var sequence = tokens + ((nint)i * sequences.Time * width);
            new ReadOnlySpan<float>(weights.SpecialToken.Pointer, width).CopyTo(new Span<float>(sequence, width));
            new ReadOnlySpan<float>(projected + ((nint)i * patchSize * width), patchSize * width)
                .CopyTo(new Span<float>(sequence + width, patchSize * width));
        }

        _transformer.RunWhole(tokens, sequences, from: 0, count: 1);                               // [count, width]
        prepared = _transformer.PrepareLast(count, tokens, width, weights.Output.Weight.Format);
        weights.Output.Multiply(in prepared, embeddings, weights.Output.Weight.Outputs, pool);
    }
}
