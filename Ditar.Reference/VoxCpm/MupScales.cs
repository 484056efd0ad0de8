// The constants of a model trained under mup: token embeddings times one, every branch of a stack times another over the root of that stack's depth.

namespace Ditar.Reference.VoxCpm;

/// <param name="Embedding">scale_emb.</param>
/// <param name="Depth">scale_depth.</param>
public sealed record MupScales(double Embedding, double Depth)
{
    /// <summary>The factor on attention and feed-forward of a stack.</summary>
    public double Branch(int layers) => Depth / Math.Sqrt(layers);
}
