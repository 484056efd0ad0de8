// What may not become a graph is refused with the module's name, and each template computes what its operation does.

using Ditar.Onnx;
using Ditar.Parity.Export;
using Ditar.Parity.OnnxFiles;
using Ditar.Reference;
using Ditar.Reference.Layers;
using Ditar.Reference.Tracing;
using Ditar.Tests.Onnx;
using Ditar.Tests.Reference.Tensors;

namespace Ditar.Tests.Parity.Export;

[Collection(OnnxCollection.Name)]
public class AlignmentTests(OnnxFixture onnx)
{
    private const double Bound = 1e-5;
    private static readonly RotaryPositions Positions = new(64, [0.3, 1.1], ElementType.Float32, 1);
    private static readonly RandomParameters Weights = new(ElementType.Float32, 4);
    private static readonly Linear Layer = new(Weights.Root["tower.floor"], 4, 4);

    /// <summary>Operations with templates, each on an input [2, time, 4].</summary>
    private static readonly Dictionary<OperationKind, Func<Tensor, Tensor>> Cases = new()
    {
        [OperationKind.Fill] = x => x + Tensor.Full(x.Type, 0.25, x.Shape) + Tensor.Full(x.Type, 3, 1, 4) - Tensor.Full(x.Type, 2, 1, 65, 1).Sum(1),
        [OperationKind.Identity] = x => x.StopGradient().Copy(),
        [OperationKind.Reshape] = x => x.Reshape(2 * x[1], 2, 2).Reshape(x[1], 2, 4).Reshape(2, x[1], 4).Reshape(1, x[1], 1, 2, 4),
        [OperationKind.Slice] = x => Tensor.Concat(1, x.Slice(1, 1, x[1] - 1), x.Slice(1, x[1] - 2, 1), x.Slice(2, 1, 2).Pad(2, 1, 1)),
        [OperationKind.Concat] = x => Tensor.Concat(0, Tensor.Concat(1, x, x), Tensor.Concat(1, x, x)),
        [OperationKind.Pad] = x => x.Pad(1, x[1], 2).Pad(0, 1, 0),
        [OperationKind.Permute] = x => x.Permute(2, 0, 1),
        [OperationKind.Gather] = x => x.Permute(2, 0, 1).Gather(3, 0, 0, 1, 2),
        [OperationKind.Negate] = x => -x,
        [OperationKind.Abs] = x => x.Abs(),
        [OperationKind.Square] = x => x.Square(),
        [OperationKind.Sqrt] = x => x.Abs().Sqrt(),
        [OperationKind.ReciprocalSqrt] = x => (x.Abs() + 0.1).ReciprocalSqrt(),
        [OperationKind.Reciprocal] = x => (x.Abs() + 0.1).Reciprocal(),
        [OperationKind.Exp] = x => x.Exp(),
        [OperationKind.Log] = x => (x.Abs() + 0.1).Log(),
        [OperationKind.Sin] = x => x.Sin(),
        [OperationKind.Cos] = x => x.Cos(),
        [OperationKind.Tanh] = x => x.Tanh(),
        [OperationKind.Round] = x => (x * 3).Round(),
        [OperationKind.Sigmoid] = x => x.Sigmoid(),
        [OperationKind.Softplus] = x => x.Softplus(),
        [OperationKind.Silu] = x => x.Silu(),
        [OperationKind.Gelu] = x => (x * 3).Gelu(),
        [OperationKind.Clamp] = x => x.Clamp(-0.5, 0.25) + x.Clamp(double.NegativeInfinity, 0) + x.Clamp(0.5, double.PositiveInfinity),
        [OperationKind.Snake] = x => x.Snake(Positive(4)),
        [OperationKind.Add] = x => x + x.Slice(0, 0, 1),
        [OperationKind.Subtract] = x => 1 - x,
        [OperationKind.Multiply] = x => x * Given(1, 4),
        [OperationKind.Divide] = x => x / Positive(4),
        [OperationKind.Sum] = x => x.Sum(1) + x.Sum(2, keep: false).Sum(),
        [OperationKind.Mean] = x => x.Mean(2) * x.Mean(0),
        [OperationKind.Softmax] = x => x.Softmax(),
        [OperationKind.LogSoftmax] = x => x.LogSoftmax(),
        [OperationKind.RmsNorm] = x => x.RmsNorm(Given(2, 4), 1e-3),
        [OperationKind.LayerNorm] = x => x.LayerNorm(Given(2, 4), Given(3, 4), 1e-3),
        [OperationKind.MatMul] = x => x.MatMul(x, transposeOther: true).MatMul(x).MatMul(Given(4, 4, 3)) + x.MatMul(x.MatMul(Given(5, 4, 3)), transposeThis: true).Sum(1),
        [OperationKind.Linear] = x => x.Linear(Given(6, 3, 4)).Linear(Given(7, 5, 3), Given(8, 5)),
        [OperationKind.Rotate] = x => Positions.Rotate(x.Reshape(2, x[1], 1, 4), 3).Reshape(2, x[1], 4),
        [OperationKind.Attention] = x =>
        {
            var q = x.Linear(Given(9, 16, 4)).Reshape(2, x[1], 4, 4);                              // four heads read two
            var k = x.Linear(Given(10, 8, 4)).Reshape(2, x[1], 2, 4);
            return q.Attention(k, k, 0.5, causal: true) + q.Attention(k, k, 0.5, causal: false) + q.Slice(1, 2, x[1] - 2).Attention(k, k, 0.3, causal: true).Sum(1);
        },
        [OperationKind.Convolve] = x =>
            Tensor.Concat(1, x, x).Pad(1, 4, 2).Convolve(Given(11, 6, 3, 2), Given(12, 6), stride: 2, dilation: 2, groups: 2).Convolve(Given(13, 6, 2, 1), groups: 6).Convolve(Given(14, 2, 1, 6)),
        [OperationKind.ConvolveTransposed] = x => x.ConvolveTransposed(Given(15, 4, 5, 3), Given(16, 3), 2),
        [OperationKind.Frame] = x => Tensor.Concat(1, x, x).Frame(4, 2),
        [OperationKind.OverlapAdd] = x => x.OverlapAdd(1, 2) + x.OverlapAdd(1, 2).Sum(1),
    };

    public static TheoryData<string> Kinds { get; } = [.. Cases.Keys.Select(kind => kind.ToString())];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_template_computes_what_its_operation_does(string kind)
    {
        var definition = Of(Cases[Enum.Parse<OperationKind>(kind)]);
        var graph = definition.Trace(CancellationToken.None);
        Assert.Contains(graph.Operations, operation => operation.Kind.ToString() == kind);
        var model = GraphTranslation.Of(graph, new Dictionary<Tensor, string>(ReferenceEqualityComparer.Instance), "", half: false, intermediates: true);
        using var folder = new Reference.Files.TemporaryFolder();
        var path = folder.File("graph.onnx");
        OnnxWriter.Write(path, model);
        foreach (var optimization in new[] { OnnxOptimization.None, OnnxOptimization.All })
        {
            using var session = OnnxSession.Load(onnx.Library, path, new OnnxSessionOptions { Optimization = optimization });
            Assert.Empty(session.Messages);
            foreach (var size in new[] { 5, 14 }) Assert.Equal(1, GraphRun.AssertEqual(session, definition.Prepare([size]), Bound));
        }
    }

    [Fact]
    public void Every_operation_of_a_model_has_a_template_and_every_template_a_case() =>
        Assert.Equal([OperationKind.Convert, OperationKind.ScatterAdd], Enum.GetValues<OperationKind>().Except(Cases.Keys));

    [Theory]
    [InlineData("constant that changes with the input")]
    [InlineData("number that depends on the input's size")]
    [InlineData("at different input sizes")]
    [InlineData("at another; a graph does the same at all")]
    [InlineData("is no sum of multiples of time")]
    [InlineData("reads another tensor")]
    [InlineData("tower.floor: ")]
    [InlineData("no ONNX template for Convert")]
    [InlineData("not made by an operation that was seen")]
    public void What_is_no_graph_is_refused(string message)
    {
        Func<Tensor, Tensor> run = message switch
        {
            "constant that changes with the input" => x => x + Given(20, x[1], 4),
            "number that depends on the input's size" => x => x.Mean(),
            "at different input sizes" => x => Enumerable.Range(0, x[1]).Aggregate(x, (y, _) => y + 1),
            "at another; a graph does the same at all" => x => x[1] % 2 == 0 ? x.Sin() : x.Cos(),
            "is no sum of multiples of time" => x => x.MatMul(x, transposeOther: true).Reshape(2, x[1] * x[1]),
            "reads another tensor" => x => x.Sin() is var s && x[1] % 2 == 0 ? s + x : s + s,
            "tower.floor: " => x => Layer.Forward(Given(21, x[1], 4)),
            "no ONNX template for Convert" => x => x.To(ElementType.Float64),
            _ => x => Given(22, 4),
        };
        var error = Assert.Throws<ExportException>(() =>
            GraphTranslation.Of(Of(run).Trace(CancellationToken.None), new Dictionary<Tensor, string>(ReferenceEqualityComparer.Instance), "", false, false));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_comparison_notices_another_result()
    {
        using var folder = new Reference.Files.TemporaryFolder();
        var path = folder.File("graph.onnx");
        OnnxWriter.Write(path, GraphTranslation.Of(Of(x => x.Sin()).Trace(CancellationToken.None), new Dictionary<Tensor, string>(), "", false, false));
        using var session = OnnxSession.Load(onnx.Library, path);
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => GraphRun.AssertEqual(session, Of(x => x.Sin() * 1.0001).Prepare([5]), Bound));
    }

    private static GraphDefinition Of(Func<Tensor, Tensor> run) => new("graph", "", [new Symbol("time", 5, 6, 9)], sizes =>
    {
        var x = Given(sizes[0], 2, sizes[0], 4);
        return new Call([CallInput.Of("x", x)], () => [("y", run(x))]);
    });

    private static Tensor Given(int seed, params int[] shape)
    {
        using var unseen = Observation.Of(new Nobody());
        return GradientCheck.Random(seed, shape).To(ElementType.Float32);
    }

    private static Tensor Positive(int width) => Tensor.From([.. Enumerable.Range(1, width).Select(i => 0.5f * i)], width);

    private sealed class Nobody : ITensorObserver
    {
        public void Operation(TensorOperation operation)
        {
        }

        public void Enter(string path)
        {
        }

        public void Leave(string path, Tensor output)
        {
        }
    }
}
