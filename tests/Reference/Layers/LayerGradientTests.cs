// Gradients of whole layers, with respect to their input and to every one of their weights, against central differences in float64.

using Ditar.Reference;
using Ditar.Reference.Layers;
using Ditar.Reference.Speech;
using Ditar.Tests.Reference.Tensors;

namespace Ditar.Tests.Reference.Layers;

public class LayerGradientTests
{
    private static readonly Tensor X = GradientCheck.Random(1, 2, 3, 4);

    [Fact]
    public void LinearAndNorms()
    {
        Check(scope => new Linear(scope, 4, 5), (layer, x) => layer.Forward(x), X);
        Check(scope => new RmsNorm(scope, 4, 1e-5), (layer, x) => layer.Forward(x), X);
        Check(scope => new LayerNorm(scope, 4, 1e-5), (layer, x) => layer.Forward(x), X);
    }

    [Theory]
    [InlineData(FeedForwardKind.Gelu)]
    [InlineData(FeedForwardKind.SwiGlu)]
    public void FeedForwards(FeedForwardKind kind) => Check(scope => new FeedForward(scope, kind, 4, 6), (layer, x) => layer.Forward(x), X);

    [Theory]
    [InlineData(2, 2, false)]
    [InlineData(4, 2, true)]
    [InlineData(3, 1, true)]
    public void Attentions(int heads, int keyHeads, bool causal)
    {
        var positions = new RotaryPositions(ElementType.Float64, 3, 2);
        Check(scope => new Attention(scope, new AttentionConfig(4, heads, keyHeads, 2, causal)), (layer, x) => layer.Forward(x, positions), X);
    }

    [Theory]
    [InlineData(FeedForwardKind.Gelu, true, 1)]
    [InlineData(FeedForwardKind.SwiGlu, false, 0.7)]
    public void Transformers(FeedForwardKind kind, bool causal, double residualScale)
    {
        var config = new TransformerConfig(2, 4, 2, 6, causal, 2, 1, kind, ResidualScale: residualScale, MaxPositions: 3);
        Check(scope => new Transformer(scope, config), (layer, x) => layer.Forward(x), X);
    }

    [Fact]
    public void TheModulesOfDitar()
    {
        var config = new DitarConfig
        {
            Symbols = 5,
            LatentDim = 3,
            PatchSize = 2,
            HistoryPatches = 1,
            HeadDim = 2,
            MaxPositions = 16,
            Encoder = new(1, 4, 2, 4),
            LanguageModel = new(1, 4, 2, 4),
            Diffusion = new(1, 4, 2, 4),
        };
        Check(scope => new PatchEncoder(scope, config), (layer, x) => layer.Encode(x), GradientCheck.Random(2, 2, 2, 3));
        Check(
            scope => new CausalLanguageModel(scope, config),
            (layer, x) => layer.Stop.Forward(layer.ForwardWhole(x + layer.Embed([1, 4, 1]))), GradientCheck.Random(3, 2, 3, 4));

        // x carries the noisy patch, the history and the condition, so that all three are checked.
        var time = Tensor.From([0.3, 0.8], 2).Copy();
        Check(
            scope => new LocalDiffusionTransformer(scope, config),
            (layer, x) => layer.Velocity(x.Slice(1, 0, 6).Reshape(2, 2, 3), time, x.Slice(1, 12, 4), x.Slice(1, 6, 6).Reshape(2, 2, 3)),
            GradientCheck.Random(4, 2, 16));
    }

    private static void Check<TLayer>(Func<ParameterScope, TLayer> build, Func<TLayer, Tensor, Tensor> forward, Tensor x)
    {
        var shapes = new RandomParameters(ElementType.Float64, 1);
        build(shapes.Root);
        Assert.NotEmpty(shapes.Taken);

        // Away from the start values: ones and zeros would hide a gain or bias that is used where another belongs.
        Tensor[] weights = [.. shapes.Taken.Select((p, i) => GradientCheck.Random(100 + i, p.Value.Shape))];
        GradientCheck.Run(t => forward(build(new GivenParameters(t[1..]).Root), t[0]), [x, .. weights]);
    }

    private sealed class GivenParameters(Tensor[] tensors) : ParameterSource(ElementType.Float64)
    {
        private int next;

        protected override Tensor Provide(string name, ReadOnlySpan<int> shape, Start start)
        {
            Assert.Equal(shape.ToArray(), tensors[next].Shape.ToArray());
            return tensors[next++];
        }
    }
}
