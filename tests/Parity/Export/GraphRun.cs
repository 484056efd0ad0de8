// An exported graph in ONNX Runtime against the definition it was traced from, on one call: every output, and every module's output where the graph has it.

using Ditar.Onnx;
using Ditar.Parity.Export;

namespace Ditar.Tests.Parity.Export;

internal static class GraphRun
{
    /// <summary>Runs both.</summary>
    /// <param name="bound">Of the relative l2 difference of each output.</param>
    /// <returns>How many outputs were compared.</returns>
    public static int AssertEqual(OnnxSession session, Call call, double bound)
    {
        var recorded = RecordedRun.Of(call);
        var expected = recorded.Outputs.ToDictionary(output => output.Name, output => output.Value);
        foreach (var (path, output) in recorded.Modules) expected.TryAdd(path, output);
        foreach (var (name, value) in recorded.Outputs) Assert.Same(value, expected[name]);

        var inputs = call.Inputs.Select(input => (input.Name, Native(session.Library, input))).ToArray();
        var results = session.Run(inputs);
        Assert.Equal(session.Outputs.Count, results.Length);
        for (var i = 0; i < results.Length; i++)
        {
            var name = session.Outputs[i].Name;
            Assert.True(expected.TryGetValue(name, out var wanted), $"the definition has no output {name}");
            Assert.Equal(wanted.Shape.ToArray().Select(extent => (long)extent), results[i].Shape.ToArray());
            var difference = Difference(wanted.ToSingles(), results[i].Values<float>());
            Assert.True(difference <= bound, $"{session.Name}: {name} differs by {difference:g3}, bound {bound:g3}");
            results[i].Dispose();
        }

        foreach (var (_, tensor) in inputs) tensor.Dispose();
        return results.Length;
    }

    // Relative l2; NaN anywhere makes it NaN, which no bound passes.
    private static double Difference(ReadOnlySpan<float> wanted, ReadOnlySpan<float> found)
    {
        Assert.Equal(wanted.Length, found.Length);
        double square = 0, norm = 0;
        for (var i = 0; i < wanted.Length; i++)
        {
            square += Math.Pow((double)wanted[i] - found[i], 2);
            norm += Math.Pow(wanted[i], 2);
        }

        return norm == 0 ? Math.Sqrt(square) : Math.Sqrt(square / norm);
    }

    private static OnnxTensor Native(OnnxLibrary library, CallInput input)
    {
        long[] shape = [.. input.Shape.ToArray().Select(extent => (long)extent)];
        return input.Tensor is { } tensor
            ? OnnxTensor.From<float>(library, tensor.ToSingles(), shape)
            : OnnxTensor.From<long>(library, [.. input.Indices!.Select(index => (long)index)], shape);
    }
}
