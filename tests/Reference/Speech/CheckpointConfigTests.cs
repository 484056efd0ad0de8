// config.json as an enemy writes it: every key taken away in turn is missed by name, every value replaced by absurd ones is either fine or refused
// with the typed error, and what is written is read back equal.

using System.Text.Json.Nodes;
using Ditar.Reference.Files;
using Ditar.Reference.Speech;
using Ditar.Reference.Vae;

namespace Ditar.Tests.Reference.Speech;

public sealed class CheckpointConfigTests : IDisposable
{
    private readonly string path = Path.Combine(Directory.CreateTempSubdirectory("ditar-config-").FullName, DitarCheckpoint.ConfigFile);

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);

    [Fact]
    public void WhatIsWrittenIsReadBackEqual()
    {
        var text = Written();
        CheckpointConfig.Read(path).Write(path);
        Assert.Equal(text, File.ReadAllText(path));
    }

    [Fact]
    public void AMissingKeyIsNamed()
    {
        var text = Written();
        foreach (var (trail, key) in Keys(JsonNode.Parse(text)!.AsObject(), ""))
        {
            var broken = JsonNode.Parse(text)!;
            Parent(broken, trail).Remove(key);
            File.WriteAllText(path, broken.ToJsonString());
            var error = Assert.Throws<CheckpointException>(() => CheckpointConfig.Read(path));
            Assert.Contains(key, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AnUnknownKeyIsNamed()
    {
        var text = Written();
        foreach (var trail in new[] { "", "model.", "vae.", "model.encoder.", "sampling." })
        {
            var broken = JsonNode.Parse(text)!;
            Parent(broken, trail).Add("surprise", 1);
            File.WriteAllText(path, broken.ToJsonString());
            Assert.Contains("surprise", Assert.Throws<CheckpointException>(() => CheckpointConfig.Read(path)).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("0")]
    [InlineData("2147483647")]
    [InlineData("1e400")]
    [InlineData("1.5")]
    [InlineData("null")]
    [InlineData("\"x\"")]
    [InlineData("[]")]
    [InlineData("{}")]
    public void AnAbsurdValueIsRefusedOrHarmless(string value)
    {
        var text = Written();
        var refused = 0;
        foreach (var (trail, key) in Keys(JsonNode.Parse(text)!.AsObject(), ""))
        {
            var broken = JsonNode.Parse(text)!;
            Parent(broken, trail)[key] = "@@";
            File.WriteAllText(path, broken.ToJsonString().Replace("\"@@\"", value, StringComparison.Ordinal));
            try
            {
                CheckpointConfig.Read(path);
            }
            catch (CheckpointException)
            {
                refused++;
            }
        }

        // Sizes alone are more than twenty keys; the few harmless cases are a zero temperature and the like.
        Assert.True(refused > 20, $"only {refused} keys refused {value}");
    }

    [Fact]
    public void TheTwoNetworksMustAgreeOnTheLatents()
    {
        var broken = JsonNode.Parse(Written())!;
        broken["model"]!["latent_dim"] = 16;
        File.WriteAllText(path, broken.ToJsonString());
        Assert.Contains("latent_dim", Assert.Throws<CheckpointException>(() => CheckpointConfig.Read(path)).Message, StringComparison.Ordinal);
    }

    private string Written()
    {
        new CheckpointConfig
        {
            Kind = CheckpointConfig.KindName,
            Format = CheckpointConfig.CurrentFormat,
            Model = DitarConfig.Tiny(29),
            Vae = new VaeConfig(),
            Sampling = new SamplingDefaults(10, 1, 1, 0.5),
            Voices = [new VoiceEntry("ann", "one two")],
        }.Write(path);
        return File.ReadAllText(path);
    }

    private static IEnumerable<(string Trail, string Key)> Keys(JsonObject at, string trail)
    {
        foreach (var (key, value) in at)
        {
            yield return (trail, key);
            if (value is not JsonObject inner) continue;
            foreach (var below in Keys(inner, $"{trail}{key}.")) yield return below;
        }
    }

    private static JsonObject Parent(JsonNode root, string trail)
    {
        foreach (var key in trail.Split('.', StringSplitOptions.RemoveEmptyEntries)) root = root[key]!;
        return root.AsObject();
    }
}
