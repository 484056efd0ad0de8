// The promise of the first page: the command speaks with the model of the repository. Before that model is there the test has nothing to look at; as
// soon as its folder exists, it must speak.

using Ditar.Reference.Files;

namespace Ditar.Tests.Edge;

[Collection(EdgeCollection.Name)]
public class ShippedModelTests(EdgeFolder edge)
{
    [Fact]
    public void The_shipped_model_speaks_for_as_long_as_the_sentence_takes_and_stops_by_itself()
    {
        if (FindShipped() is not { } model) return;
        var folder = edge.Empty();
        // --model is left out on purpose: the command must find it from where the build lies.
        var result = DitarProcess.Run(folder, ["say", "seven three nine, open the door", "-o", "hello.wav"]).RequireDone();
        Assert.DoesNotContain("ran to the limit", result.Errors);
        var wav = WavFile.Read(Path.Combine(folder, "hello.wav"));
        Assert.Empty(wav.Warnings);
        // About 31 characters: flite takes 2.2 s; half as fast and twice as fast would not be speech.
        Assert.InRange(wav.Duration.TotalSeconds, 1.1, 4.4);
        var loudness = Math.Sqrt(wav.Samples.Average(sample => (double)sample * sample));
        Assert.InRange(loudness, 0.01, 0.5);
        Assert.Contains(Path.GetFileName(model), DitarProcess.Run(folder, ["info"]).RequireDone().Text);
    }

    private static string? FindShipped()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var model = Path.Combine(folder.FullName, "models", "ditar-tiny");
            if (File.Exists(Path.Combine(folder.FullName, "Ditar.sln"))) return Directory.Exists(model) ? model : null;
        }

        return null;
    }
}
