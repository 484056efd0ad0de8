// Which provider is taken and why: the choice over made-up states, and what this machine really has.

using Ditar.Onnx;
using Ditar.Reference.Randomness;
using Ditar.Reference.Vae;

namespace Ditar.Tests.Onnx;

[Collection(OnnxCollection.Name)]
public class ProviderTests(OnnxFixture onnx)
{
    private static readonly GpuAdapter Card = new("Some Card", AdapterKind.Discrete, "driver 1");
    private static readonly GpuAdapter Software = new("SwiftShader Device", AdapterKind.Software, "");

    private OnnxLibrary Library => onnx.Library;

    [Fact]
    public void Automatic_takes_cuda_then_webgpu_on_hardware_then_the_processor()
    {
        Assert.Equal(OnnxProvider.Cuda, Choose("auto", cuda: null, webGpu: null, Card).Provider);

        var webGpu = Choose("auto", cuda: "no driver", webGpu: null, Card);
        Assert.Equal(OnnxProvider.WebGpu, webGpu.Provider);
        Assert.Equal(["CUDA not taken: no driver", "WebGPU works"], webGpu.Reasons);
        Assert.Contains("hardware adapter Some Card, driver driver 1", webGpu.Title);

        var cpu = Choose("AUTO", cuda: "no driver", webGpu: null, Software);
        Assert.Equal(OnnxProvider.Cpu, cpu.Provider);
        Assert.Equal(3, cpu.Reasons.Count);
        Assert.Contains("software adapter SwiftShader Device", cpu.Reasons[1]);

        Assert.Equal(OnnxProvider.Cpu, Choose("auto", cuda: "no driver", webGpu: null, adapter: null).Provider);
        Assert.Contains("no device", Choose("auto", cuda: "no driver", webGpu: "no device", Card).Reasons[1]);
    }

    [Fact]
    public void A_provider_that_is_named_is_taken_or_refused()
    {
        Assert.Equal(OnnxProvider.WebGpu, Choose("webgpu", cuda: null, webGpu: null, Software).Provider);
        Assert.Equal(OnnxProvider.Cpu, Choose("cpu", cuda: null, webGpu: null, Card).Provider);
        var message = Assert.Throws<OnnxProviderException>(() => Choose("cuda", cuda: "no driver", webGpu: null, Card)).Message;
        Assert.Contains("CUDA", message);
        Assert.Contains("no driver", message);
        foreach (var name in new[] { "tpu", "", "0", "cpu,cuda" }) Assert.Throws<ArgumentException>(() => Choose(name, null, null, Card));
    }

    [Fact]
    public void The_processor_works_here()
    {
        var state = ProviderState.Of(Library, OnnxProvider.Cpu);
        Assert.True(state is { Offered: true, Works: true, Fault: null, Adapter: null }, state.Fault);
        Assert.Equal("CPU", ProviderChoice.Make(Library, "cpu").Title);
    }

    [Fact]
    public void Cuda_works_or_says_why_not()
    {
        var state = ProviderState.Of(Library, OnnxProvider.Cuda);
        if (state.Works) return;
        Assert.NotEmpty(state.Fault!);
        Assert.DoesNotContain('\n', state.Fault!);
        var fault = Assert.Throws<OnnxProviderException>(() => ProviderChoice.Make(Library, "cuda"));
        Assert.Contains(state.Fault!, fault.Message);
        Assert.Contains(Library.Path, fault.Message);
    }

    [WebGpuFact]
    public void WebGpu_works_on_the_software_adapter_and_automatic_leaves_it_alone()
    {
        var state = ProviderState.Of(Library, OnnxProvider.WebGpu);
        Assert.True(state.Works, state.Fault);
        Assert.NotNull(state.Adapter);
        Assert.NotEmpty(state.Adapter.Name);
        Assert.NotEmpty(state.Adapter.Driver);
        Assert.Equal(state.Adapter.Kind == AdapterKind.Software, !state.Adapter.IsHardware);
        Assert.Equal(OnnxProvider.WebGpu, ProviderChoice.Make(Library, "webgpu").Provider);
        if (state.Adapter.Kind == AdapterKind.Software) Assert.NotEqual(OnnxProvider.WebGpu, ProviderChoice.Make(Library, "auto").Provider);
    }

    [WebGpuFact]
    public void WebGpu_computes_a_large_product_with_its_own_kernels_as_well_as_float32_can()
    {
        const int Rows = 12, Inner = 1024, Columns = 4096;
        var graph = SmallGraph.Write(
            [new("x", OnnxElementType.Float32, "rows", $"{Inner}"), new("y", OnnxElementType.Float32, $"{Inner}", $"{Columns}")],
            [new("MatMul", ["x", "y"], ["product"])],
            [new("product", OnnxElementType.Float32, "rows", $"{Columns}")]);
        var options = new OnnxSessionOptions { Provider = OnnxProvider.WebGpu, Severity = OnnxSeverity.Information };
        using var session = OnnxSession.Load(Library, graph, "product", options);
        float[] x = new float[Rows * Inner], y = new float[Inner * Columns];
        NormalSource.FillNormal(1, 0, 0, x);
        NormalSource.FillNormal(2, 0, 0, y);
        using var left = OnnxTensor.Over<float>(Library, x, Rows, Inner);
        using var right = OnnxTensor.Over<float>(Library, y, Inner, Columns);
        using var product = session.Run([("x", left), ("y", right)])[0];
        Assert.Empty(session.Assignment());
        Assert.Contains(session.Messages, message => message.Text.StartsWith("Starting program \"MatMul", StringComparison.Ordinal));

        double error = 0, size = 0;
        var found = product.Values<float>();
        for (var row = 0; row < Rows; row++)
        {
            for (var column = 0; column < Columns; column++)
            {
                var sum = 0.0;
                for (var i = 0; i < Inner; i++) sum += (double)x[(row * Inner) + i] * y[(i * Columns) + column];
                error += Math.Pow(found[(row * Columns) + column] - sum, 2);
                size += sum * sum;
            }
        }

        // A running sum of n terms of random sign wanders by about sqrt(n) roundings of half an ulp each: relative to its own size sqrt(n) * eps / 2, whatever
        // the order of the sum; twice that is refused. A format of 10 or 16 bits less would be a thousand times as far. Measured: 6e-7.
        var relative = Math.Sqrt(error / size);
        var bound = 2 * Math.Sqrt(Inner) * (MathF.BitIncrement(1) - 1) / 2;
        Assert.True(relative > 0 && relative < bound, $"relative error {relative}, bound {bound}");
    }

    [WebGpuFact]
    public void What_webgpu_has_no_kernel_for_is_seen_to_run_on_the_processor()
    {
        var graph = SmallGraph.Write(
            [new("x", OnnxElementType.Float32, "n", "3", "3")],
            [new("Add", ["x", "x"], ["twice"]), new("Det", ["twice"], ["y"])],
            [new("y", OnnxElementType.Float32, "n")]);
        using var session = OnnxSession.Load(Library, graph, "determinants", new OnnxSessionOptions { Provider = OnnxProvider.WebGpu });
        var share = Assert.Single(session.Assignment());
        Assert.Equal((OnnxProvider.Cpu.RuntimeName(), 1), (share.Provider, share.Nodes));
        Assert.Equal([("Det", 1)], share.Operators);
        using var x = OnnxTensor.From<float>(Library, [1, 0, 0, 0, 2, 0, 0, 0, 3], 1, 3, 3);
        using var y = session.Run([("x", x)])[0];
        Assert.Equal([48f], y.Values<float>().ToArray());
    }

    [WebGpuFact]
    public void The_fault_that_is_refused_is_still_there_and_its_neighbours_are_right()
    {
        // When the first line fails, the provider was mended and WebGpuFault can go.
        Assert.True(Difference(6, 8) > 0.1);
        foreach (var (inputs, outputs) in new[] { (6, 6), (3, 8), (5, 8), (8, 8), (10, 8), (12, 8) }) Assert.InRange(Difference(inputs, outputs), 0, 1e-6);

        var vae = new VaeConfig();
        Assert.Null(WebGpuFault.Of(GraphNames.VaeDecoder, vae));
        Assert.Null(WebGpuFault.Of(GraphNames.VaeEncoder, vae));
        Assert.Null(WebGpuFault.Of(GraphNames.VaeDecoder, vae with { Decoder = VaeConfig.BigVganKind }));
        Assert.Contains("18 channels", WebGpuFault.Of(GraphNames.VaeDecoder, vae with { LatentDim = 18 }));
        Assert.Contains("30 channels in the encoder", WebGpuFault.Of(GraphNames.VaeEncoder, vae with { Channels = [24, 30, 96, 192] }));
        Assert.Null(WebGpuFault.Of(GraphNames.Velocity, vae with { LatentDim = 18 }));
    }

    // Of a convolution of 7 taps on both providers, relative l2. Inputs and weights are seeded; 42 products a sum: 1e-6 is eight times eps / 2 * sqrt(42).
    private double Difference(int inputs, int outputs)
    {
        var graph = SmallGraph.Write(
            [new("x", OnnxElementType.Float32, "1", $"{inputs}", "20"), new("w", OnnxElementType.Float32, $"{outputs}", $"{inputs}", "7")],
            [new("Conv", ["x", "w"], ["y"])],
            [new("y", OnnxElementType.Float32, "1", $"{outputs}", "14")]);
        float[] x = new float[inputs * 20], w = new float[outputs * inputs * 7];
        NormalSource.FillNormal(1, 0, 0, x);
        NormalSource.FillNormal(2, 0, 0, w);
        float[] expected = On(OnnxProvider.Cpu), found = On(OnnxProvider.WebGpu);
        return Math.Sqrt(expected.Zip(found).Sum(pair => Math.Pow((double)pair.First - pair.Second, 2)) / expected.Sum(value => (double)value * value));

        float[] On(OnnxProvider provider)
        {
            using var session = OnnxSession.Load(Library, graph, "convolution", new OnnxSessionOptions { Provider = provider });
            using OnnxTensor signal = OnnxTensor.Over<float>(Library, x, 1, inputs, 20), weight = OnnxTensor.Over<float>(Library, w, outputs, inputs, 7);
            using var y = session.Run([("x", signal), ("w", weight)])[0];
            return y.Values<float>().ToArray();
        }
    }

    private static ProviderChoice Choose(string name, string? cuda, string? webGpu, GpuAdapter? adapter) => ProviderChoice.Make(
        name,
        provider => provider switch
        {
            OnnxProvider.Cuda => new ProviderState(provider, true, cuda is null, cuda, null),
            OnnxProvider.WebGpu => new ProviderState(provider, true, webGpu is null, webGpu, adapter),
            _ => new ProviderState(provider, true, true, null, null),
        },
        "a library");
}
