// `ditar bench`: figures of both kinds of models that hold together, as a table and as JSON, and failures that leave the other formats their rows. What the
// times are is nobody's business here.

using System.Text.Json;

namespace Ditar.Tests.Edge;

[Collection(EdgeCollection.Name)]
public class BenchTests(EdgeFolder edge)
{
    private static string Golden(string name) => Path.Combine(AppContext.BaseDirectory, "Goldens", name);

    [Theory]
    [InlineData("")]
    [InlineData("voxcpm-v1-tiny")]
    [InlineData("voxcpm-v2-tiny")]
    public void Figures_as_json_hold_together(string golden)
    {
        var model = golden.Length == 0 ? edge.Model : Golden(golden);
        var result = DitarProcess.Run(edge.Empty(), ["bench", "--model", model, "--weights", "float32", "int8", "--seconds", "0.2", "--steps", "3", "--json"]).RequireDone();
        using var json = JsonDocument.Parse(result.Text);
        var rows = json.RootElement.EnumerateArray().ToList();
        Assert.Equal(["float32", "int8"], rows.Select(row => row.GetProperty("weights").GetString()));
        Assert.Equal(rows[0].GetProperty("patches").GetInt32(), rows[1].GetProperty("patches").GetInt32());
        Assert.True(rows[1].GetProperty("packed_bytes").GetInt64() < rows[0].GetProperty("packed_bytes").GetInt64());
        foreach (var row in rows)
        {
            double Number(string name) => row.GetProperty(name).GetDouble();
            Assert.Contains($"simd engine, {row.GetProperty("weights").GetString()} weights", row.GetProperty("engine").GetString(), StringComparison.Ordinal);
            Assert.Equal((1, 3), (row.GetProperty("threads").GetInt32(), row.GetProperty("steps").GetInt32()));
            Assert.True(Number("load_seconds") > 0 && Number("cold_chunk_seconds") > 0 && Number("prefill_seconds") > 0 && Number("patch_seconds") > 0);
            Assert.True(Number("first_chunk_seconds") >= Number("prefill_seconds"));
            Assert.True(Number("sound_seconds") is > 0 and < 0.5);
            Assert.True(Number("real_time_factor") * Number("sound_seconds") >= Number("first_chunk_seconds"));
            Assert.InRange(Number("peak_bytes"), 1e7, 4e9);
        }

        foreach (var format in (string[])["float32", "int8"]) Assert.Contains($"{format}: loading", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void The_table_says_what_computed()
    {
        var text = DitarProcess.Run(edge.Empty(), ["bench", "--model", Golden("voxcpm-v1-tiny"), "--backend", "definition", "--seconds", "0.1", "--steps", "2", "--quiet"]).RequireDone();
        Assert.Equal("", text.Errors);
        foreach (var part in (string[])["real-time factor", "peak MB", "2 solver steps", "1 thread,", "stored: definition on simd kernels"]) Assert.Contains(part, text.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_measured_is_an_error()
    {
        Assert.Contains("config.json", DitarProcess.Run(edge.Empty(), ["bench", "--model", "nowhere", "--weights", "int8", "--quiet"]).RequireError(1), StringComparison.Ordinal);
        Assert.Contains("'int3'", DitarProcess.Run(edge.Empty(), ["bench", "--weights", "int3"]).RequireError(2), StringComparison.Ordinal);
        Assert.Contains("goes with --backend simd", DitarProcess.Run(edge.Empty(), ["bench", "--backend", "definition", "--weights", "int8"]).RequireError(2), StringComparison.Ordinal);
    }
}
