// The outside recogniser: its output's parsing, and, where it and flite are installed, that it hears what flite says.

using Ditar.Learn;
using Xunit.Abstractions;

namespace Ditar.Tests.Learn;

public class DigitRecogniserTests(ITestOutputHelper output)
{
    [Fact]
    public void Results_are_parsed_in_the_order_of_the_recordings() =>
        Assert.Equal(["", "seven zero nine"], DigitRecogniser.Parse(["seven oh nine (1 -2600)", "(0 -123)"], 2));

    [Fact]
    public void Strange_or_missing_results_are_refused()
    {
        Assert.Throws<RecogniserException>(() => DigitRecogniser.Parse(["seven"], 1));
        Assert.Throws<RecogniserException>(() => DigitRecogniser.Parse(["seven (3 -2)"], 1));
        Assert.Throws<RecogniserException>(() => DigitRecogniser.Parse(["seven (0 -2)"], 2));
    }

    [Fact]
    public void With_flite_and_pocketsphinx_digits_are_heard()
    {
        if (!Flite.IsInstalled || DigitRecogniser.WhyUnavailable() is not null)
        {
            output.WriteLine("NOT CHECKED: " + (DigitRecogniser.WhyUnavailable() ?? "flite is not installed on this machine"));
            return;
        }

        using var flite = new Flite();
        string[] texts = ["seven three nine zero", "one eight four five two", "six six two", "open the door please"];
        float[][] said = [.. texts.Select((t, i) => flite.Speak(t, new FliteVoice(i % 2 == 0 ? "slt" : "rms")).Samples.Select(s => s / 32768f).ToArray())];
        var errors = DigitRecogniser.Score(texts[..3], said[..3]);
        Assert.Equal(12, errors.Words);
        Assert.True(errors.Errors <= 2, $"{errors}");
        // The measure can fail: other words are no digits, and the right digits in the wrong place are errors.
        Assert.True(DigitRecogniser.Score(texts[..3], [said[1], said[2], said[0]]).Rate > 0.5);
        Assert.Equal(1.0, DigitRecogniser.Score([texts[0]], [new float[16000]]).Rate, 0.25);
    }
}
