// The binding by behaviour: each function that it calls through the table is seen to do what its name says. Graphs are a few nodes, written here.

using Ditar.Onnx;

namespace Ditar.Tests.Onnx;

[Collection(OnnxCollection.Name)]
public class SessionTests(OnnxFixture onnx)
{
    // sum = x + y for any number of rows; twice = x + x.
    private static readonly byte[] Sums = SmallGraph.Write(
        [new("x", OnnxElementType.Float32, "rows", "3"), new("y", OnnxElementType.Float32, "rows", "3")],
        [new("Add", ["x", "y"], ["sum"]), new("Add", ["x", "x"], ["twice"])],
        [new("sum", OnnxElementType.Float32, "rows", "3"), new("twice", OnnxElementType.Float32, "rows", "3")]);

    private OnnxLibrary Library => onnx.Library;

    [Fact]
    public void The_library_says_its_version_and_what_it_offers()
    {
        Assert.True(Version.Parse(Library.Version) >= new Version(1, OrtApi.TableVersion), Library.Version);
        Assert.Contains(OnnxProvider.Cpu.RuntimeName(), Library.ProviderNames);
        Assert.Same(Library, OnnxLibrary.Shared);
    }

    [Fact]
    public void Inputs_and_outputs_are_described_with_names_types_and_open_extents()
    {
        using var session = OnnxSession.Load(Library, Sums, "sums");
        Assert.Equal(["x Float32 [rows, 3]", "y Float32 [rows, 3]"], session.Inputs.Select(port => port.ToString()));
        Assert.Equal(["sum", "twice"], session.Outputs.Select(port => port.Name));
        var x = session.Inputs[0];
        Assert.Equal([-1, 3], x.Shape);
        Assert.Equal(["rows", ""], x.Symbols);
        Assert.True(x.Takes([0, 3]) && x.Takes([7, 3]));
        Assert.False(x.Takes([7, 4]) || x.Takes([3]));
    }

    [Fact]
    public void Runs_take_inputs_in_any_order_and_give_the_outputs_that_are_asked_for()
    {
        using var session = OnnxSession.Load(Library, Sums, "sums");
        foreach (var rows in new[] { 1, 5 })
        {
            using var x = Ramp(rows, 1);
            using var y = Ramp(rows, 100);
            var all = session.Run([("y", y), ("x", x)]);
            using (all[0])
            using (all[1])
            {
                Assert.Equal(Enumerable.Range(0, rows * 3).Select(i => 101f * i), all[0].Values<float>().ToArray());
                Assert.Equal(Enumerable.Range(0, rows * 3).Select(i => 2f * i), all[1].Values<float>().ToArray());
                Assert.Equal([rows, 3], all[0].Shape.ToArray());
            }

            using var one = Assert.Single(session.Run([("x", x), ("y", y)], "twice"));
            Assert.Equal(Enumerable.Range(0, rows * 3).Select(i => 2f * i), one.Values<float>().ToArray());
        }
    }

    [Fact]
    public void Inputs_are_read_where_they_lie_and_outputs_can_be_fed_again()
    {
        using var session = OnnxSession.Load(Library, Sums, "sums");
        var memory = new float[6];
        using var x = OnnxTensor.Over<float>(Library, memory, 2, 3);
        using var y = OnnxTensor.Allocate<float>(Library, 2, 3);
        y.Values<float>().Fill(1);
        memory.AsSpan().Fill(4);
        using var first = session.Run([("x", x), ("y", y)], "sum")[0];
        memory.AsSpan().Fill(10);
        using var second = session.Run([("x", first), ("y", x)], "sum")[0];
        Assert.All(first.Values<float>().ToArray(), value => Assert.Equal(5, value));
        Assert.All(second.Values<float>().ToArray(), value => Assert.Equal(15, value));
    }

    [Fact]
    public void Whole_numbers_halves_doubles_and_nothing_at_all_pass_through()
    {
        Same(new long[] { long.MinValue, 0, 1L << 40 });
        Same(new[] { (Half)(-1.5f), Half.MaxValue, Half.Epsilon });
        Same(new[] { Math.PI, double.NaN, double.NegativeInfinity });
        Same(new[] { -7, int.MaxValue });
        Same(new[] { true, false });
        Same(Array.Empty<float>());

        void Same<T>(T[] values) where T : unmanaged
        {
            var type = OnnxElement.Of<T>();
            var graph = SmallGraph.Write([new("in", type, "count")], [new("Identity", ["in"], ["out"])], [new("out", type, "count")]);
            using var session = OnnxSession.Load(Library, graph, "identity");
            using var input = OnnxTensor.From<T>(Library, values, values.Length);
            using var output = session.Run([("in", input)])[0];
            Assert.Equal(values, output.Values<T>().ToArray());
            Assert.Equal(type, output.Type);
        }
    }

    [Fact]
    public void What_does_not_fit_is_refused_with_the_graphs_and_the_tensors_name()
    {
        using var session = OnnxSession.Load(Library, Sums, "my sums");
        using var x = Ramp(2, 1);
        using var whole = OnnxTensor.Allocate<long>(Library, 2, 3);
        using var wide = OnnxTensor.Allocate<float>(Library, 2, 4);
        Refused(OnnxErrorCode.Fail, "y", ("x", x));
        Refused(OnnxErrorCode.InvalidArgument, "z", ("x", x), ("z", x));
        Refused(OnnxErrorCode.InvalidArgument, "int64", ("x", x), ("y", whole));
        Refused(OnnxErrorCode.InvalidArgument, "Expected: 3", ("x", x), ("y", wide));
        Assert.Contains("nothing", Assert.Throws<OnnxRuntimeException>(() => session.Run([("x", x), ("y", x)], "nothing")).Message);
        Assert.Throws<InvalidOperationException>(() => x.Values<double>().Length);
        Assert.Throws<ArgumentException>(() => OnnxTensor.Over<float>(Library, new float[5], 2, 3));

        void Refused(OnnxErrorCode code, string told, params (string, OnnxTensor)[] inputs)
        {
            var fault = Assert.Throws<OnnxRuntimeException>(() => session.Run(inputs));
            Assert.Equal(code, fault.Code);
            Assert.Contains("my sums", fault.Message);
            Assert.Contains(told, fault.Message);
        }
    }

    [Fact]
    public void Files_that_are_missing_or_damaged_are_named()
    {
        var folder = Directory.CreateTempSubdirectory("ditar-onnx-").FullName;
        try
        {
            var path = Path.Combine(folder, "gräph.onnx");
            var missing = Assert.Throws<OnnxRuntimeException>(() => OnnxSession.Load(Library, path));
            Assert.Equal(OnnxErrorCode.NoSuchFile, missing.Code);
            Assert.Contains("gräph.onnx", missing.Message);
            File.WriteAllBytes(path, Sums[..(Sums.Length / 2)]);
            Assert.Contains("gräph.onnx", Assert.Throws<OnnxRuntimeException>(() => OnnxSession.Load(Library, path)).Message);
            File.WriteAllText(path, "no graph");
            Assert.Equal(OnnxErrorCode.InvalidProtobuf, Assert.Throws<OnnxRuntimeException>(() => OnnxSession.Load(Library, path)).Code);
            File.WriteAllBytes(path, Sums);
            using var session = OnnxSession.Load(Library, path);
            Assert.Equal(path, session.Name);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        var unknown = SmallGraph.Write([new("x", OnnxElementType.Float32, "1")], [new("NoSuchOperator", ["x"], ["y"])], [new("y", OnnxElementType.Float32, "1")]);
        Assert.Contains("NoSuchOperator", Assert.Throws<OnnxRuntimeException>(() => OnnxSession.Load(Library, unknown, "unknown")).Message);
    }

    [Fact]
    public void Warnings_are_kept_with_the_session_that_caused_them()
    {
        // The declared shape of the output is a lie, which the runtime notes when it sees the true one.
        var liar = SmallGraph.Write([new("x", OnnxElementType.Float32, "rows")], [new("Identity", ["x"], ["y"])], [new("y", OnnxElementType.Float32, "2")]);
        using var honest = OnnxSession.Load(Library, Sums, "sums");
        using var session = OnnxSession.Load(Library, liar, "liar");
        Assert.Empty(session.Messages);
        using var x = OnnxTensor.Allocate<float>(Library, 3);
        using var y = session.Run([("x", x)])[0];
        Assert.Contains(session.Messages, message => message.Severity == OnnxSeverity.Warning && message.Text.Contains("shape", StringComparison.Ordinal));
        Assert.Empty(honest.Messages);

        using var talkative = OnnxSession.Load(Library, Sums, "sums", new OnnxSessionOptions { Severity = OnnxSeverity.Information });
        Assert.Contains(talkative.Messages, message => message.Text.Contains("use_deterministic_compute:1", StringComparison.Ordinal));
    }

    [Fact]
    public void Options_reach_the_runtime()
    {
        // The runtime prints what it was given.
        var options = new OnnxSessionOptions { Threads = 2, Optimization = OnnxOptimization.None, Deterministic = false, Severity = OnnxSeverity.Information };
        using var session = OnnxSession.Load(Library, Sums, "sums", options);
        var said = session.Messages.First(message => message.Text.StartsWith("Session Options", StringComparison.Ordinal)).Text;
        foreach (var told in new[] { "intra_op_param:OrtThreadPoolParams { thread_pool_size: 2", "inter_op_param:OrtThreadPoolParams { thread_pool_size: 1", "graph_optimization_level:0", "use_deterministic_compute:0", "session_log_severity_level:1", "enable_profiling:0", "session.intra_op.allow_spinning: 0" })
            Assert.Contains(told, said);
        Assert.Throws<ArgumentOutOfRangeException>(() => OnnxSession.Load(Library, Sums, "sums", options with { Threads = 0 }));
    }

    [Fact]
    public void The_assignment_counts_the_nodes_of_each_provider()
    {
        using var session = OnnxSession.Load(Library, Sums, "sums");
        var share = Assert.Single(session.Assignment());
        Assert.Equal((OnnxProvider.Cpu.RuntimeName(), 2), (share.Provider, share.Nodes));
        Assert.Equal([("Add", 2)], share.Operators);
    }

    [Fact]
    public void Nothing_leaks_over_many_sessions_runs_and_failures()
    {
        Cycle(20);
        var handles = OrtHandle.Alive;
        var before = Resident();
        Cycle(150);
        Assert.Equal(handles, OrtHandle.Alive);

        // Each cycle makes and drops tensors of 1 MB and a session; a leak of any of them would be 150 times that.
        Assert.True(Resident() - before < 100_000_000, $"{before} bytes grew to {Resident()}");

        void Cycle(int times)
        {
            for (var i = 0; i < times; i++)
            {
                using var session = OnnxSession.Load(Library, Sums, "sums");
                using var x = OnnxTensor.Allocate<float>(Library, 87_381, 3);
                foreach (var output in session.Run([("x", x), ("y", x)])) output.Dispose();
                Assert.Throws<OnnxRuntimeException>(() => session.Run([("x", x)]));
                Assert.Throws<OnnxRuntimeException>(() => OnnxSession.Load(Library, Sums.AsSpan(0, 9), "cut"));
            }
        }

        static long Resident()
        {
            GC.Collect();
            using var process = System.Diagnostics.Process.GetCurrentProcess();
            return process.WorkingSet64;
        }
    }

    [Fact]
    public void What_was_given_back_is_not_used_again()
    {
        var session = OnnxSession.Load(Library, Sums, "sums");
        using var x = Ramp(1, 1);
        var gone = Ramp(1, 1);
        gone.Dispose();
        gone.Dispose();
        Assert.Throws<ObjectDisposedException>(() => session.Run([("x", x), ("y", gone)]));
        session.Dispose();
        session.Dispose();
        Assert.Throws<ObjectDisposedException>(() => session.Run([("x", x), ("y", x)]));
    }

    private OnnxTensor Ramp(int rows, float slope) => OnnxTensor.From<float>(Library, [.. Enumerable.Range(0, rows * 3).Select(i => slope * i)], rows, 3);
}
