// LocEnc at work: a special token and the P latents of a patch are one short sequence with full attention; of the last layer only the special token's row
// is computed on. Patches of a prompt go through in blocks.

using Ditar.Reference;
using Ditar.Reference.Speech;

namespace Ditar.Simd;

internal sealed unsafe class EncoderSession(InferenceModel model, WorkerPool? pool) : IPatchEncoder, IDisposable
{
    // Rows of a block: enough that weights are read seldom, few enough that a layer's activations stay in the second-level cache.
    private const int BlockRows = 48;

    private readonly PackedEncoder _weights = model.Encoder;
    private readonly TransformerSession _transformer = new(model.Encoder.Transformer, pool);
    private readonly GrowingBuffer _tokens = new(), _latents = new(), _embeddings = new();

    public long Bytes => _transformer.Bytes + _tokens.Bytes + _latents.Bytes + _embeddings.Bytes;

    public Tensor Encode(Tensor patches)
    {
        ArgumentNullException.ThrowIfNull(patches);
        var config = model.Config;
        if (patches.Rank != 3 || patches[1] != config.PatchSize || patches[2] != config.LatentDim)
            throw new ArgumentException($"Patches are [count, {config.PatchSize}, {config.LatentDim}], found {patches}.", nameof(patches));
        InferenceSession.RequireSingles(patches, nameof(patches));
        var (count, width) = (patches[0], config.LanguageModel.Width);
        var embeddings = _embeddings.Floats((long)count * width);
        var block = Math.Max(1, BlockRows / (1 + config.PatchSize));
        fixed (float* latents = patches.Values<float>())
        {
            for (var first = 0; first < count; first += block)
            {
                var size = Math.Min(block, count - first);
                Encode(size, latents + ((nint)first * config.PatchSize * config.LatentDim), embeddings + ((nint)first * width));
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
        var (config, width) = (model.Config, model.Config.Encoder.Width);
        var sequences = new Sequences(count, 1 + config.PatchSize);
        var tokens = _tokens.Floats((long)sequences.Rows * width);                                 // [count, 1 + P, width]
        var projected = _latents.Floats((long)count * config.PatchSize * width);
        var prepared = _transformer.Prepare(count * config.PatchSize, config.LatentDim, latents, config.LatentDim, WeightFormat.Float32);
        _weights.Input.Multiply(in prepared, projected, width, pool);
        for (var i = 0; i < count; i++)
        {
            var sequence = tokens + ((nint)i * sequences.Time * width);
            new ReadOnlySpan<float>(_weights.SpecialToken.Pointer, width).CopyTo(new Span<float>(sequence, width));
            new ReadOnlySpan<float>(projected + ((nint)i * config.PatchSize * width), config.PatchSize * width)
                .CopyTo(new Span<float>(sequence + width, config.PatchSize * width));
        }

        _transformer.RunWhole(tokens, sequences, from: 0, count: 1);                               // [count, width]
        prepared = _transformer.PrepareLast(count, tokens, width, _weights.Output.Weight.Format);
        _weights.Output.Multiply(in prepared, embeddings, config.LanguageModel.Width, pool);
    }
}
