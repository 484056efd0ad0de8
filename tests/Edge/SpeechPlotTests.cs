// The picture of an utterance: well-formed, and what it shows lies where it must.

using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Xml.Linq;
using Ditar.Edge;

namespace Ditar.Tests.Edge;

public class SpeechPlotTests
{
    private const int Rate = 16000, Patch = 1600;

    [Fact]
    public void It_is_well_formed_and_escapes_the_text()
    {
        var svg = XDocument.Parse(Draw(("it's <b>&\"", [0.1, 0.2, 0.9])));
        Assert.Contains(svg.Descendants().Where(element => element.Name.LocalName == "text"), text => text.Value == "it's <b>&\"");
    }

    [Fact]
    public void Stop_bars_stand_at_their_patches_with_their_heights()
    {
        var bars = XDocument.Parse(Draw(("one", [0.25, 0.5, 1]), ("two", [0.75]))).Descendants()
            .Where(element => element.Name.LocalName == "rect" && (string?)element.Attribute("fill") is "#56b4e9" or "#d55e00").ToList();
        Assert.Equal(["#56b4e9", "#56b4e9", "#d55e00", "#d55e00"], bars.Select(bar => (string?)bar.Attribute("fill")));
        double Value(XElement bar, string name) => double.Parse(bar.Attribute(name)!.Value, CultureInfo.InvariantCulture);
        var full = Value(bars[2], "height");
        // Written with one digit behind the point.
        Assert.All(new[] { 0.25, 0.5, 1, 0.75 }.Zip(bars), pair => Assert.InRange(Value(pair.Second, "height"), pair.First * full - 0.06, pair.First * full + 0.06));
        // The second utterance begins after the pause of 800 samples: half a patch.
        var step = Value(bars[1], "x") - Value(bars[0], "x");
        Assert.InRange((Value(bars[3], "x") - Value(bars[2], "x")) / step, 1.49, 1.51);
    }

    [Fact]
    public void The_spectrogram_is_a_picture_with_the_tone_at_its_height()
    {
        var image = XDocument.Parse(Draw(("tone", [0, 0, 0, 0, 0, 0, 0, 1]))).Descendants().Single(element => element.Name.LocalName == "image");
        var (pixels, width, height) = Decode(Convert.FromBase64String(image.Attribute("href")!.Value["data:image/png;base64,".Length..]));
        // The brightest row of a column in the middle is the band of 1 kHz on the mel scale of 0 to 8 kHz.
        var column = Enumerable.Range(0, height).Select(row => pixels[row * width + width / 2]).ToList();
        var expected = height * (1 - Math.Log(1 + 1000 / 700.0) / Math.Log(1 + 8000 / 700.0));
        Assert.InRange(column.IndexOf(column.Max()), expected - 2, expected + 1);
        Assert.Equal(255, pixels.Max());
        Assert.Equal(0, pixels.Min());
    }

    [Fact]
    public void Nothing_and_silence_are_drawn_too()
    {
        XDocument.Parse(new SpeechPlot(Rate, Patch).Draw());
        var plot = new SpeechPlot(Rate, Patch);
        plot.Add(new SpeechChunk(new float[Patch], new Utterance(0, 1, "", UtteranceBreak.Sentence), 0, double.NaN, true, 0));
        XDocument.Parse(plot.Draw());
    }

    [Fact]
    public void A_picture_survives_coding_and_its_checksums_are_right()
    {
        var pixels = Enumerable.Range(0, 7 * 5).Select(i => (byte)(i * 7)).ToArray();
        var (decoded, width, height) = Decode(IndexedPng.Encode(pixels, 7, 5, new byte[768]));
        Assert.Equal((7, 5), (width, height));
        Assert.Equal(pixels, decoded);
        // The empty last chunk is the same in every PNG; its checksum is known.
        Assert.Equal([0, 0, 0, 0, .. "IEND"u8.ToArray(), 0xAE, 0x42, 0x60, 0x82], IndexedPng.Encode(pixels, 7, 5, new byte[768])[^12..]);
    }

    // A tone of 1 kHz in every utterance, handed out late as the decoder does; between utterances half a patch of silence.
    private static string Draw(params (string Text, double[] Stops)[] utterances)
    {
        var plot = new SpeechPlot(Rate, Patch);
        for (var number = 0; number < utterances.Length; number++)
        {
            var (text, stops) = utterances[number];
            var utterance = new Utterance(number, utterances.Length, text, UtteranceBreak.Sentence);
            for (var patch = 0; patch < stops.Length; patch++)
            {
                var last = patch == stops.Length - 1;
                var length = Patch + (patch == 0 && !last ? -400 : 0) + (patch > 0 && last ? 400 : 0);
                var pause = last && number < utterances.Length - 1 ? Patch / 2 : 0;
                float[] samples = [.. Enumerable.Range(0, length).Select(i => 0.5f * MathF.Sin(i * MathF.Tau * 1000 / Rate)), .. new float[pause]];
                plot.Add(new SpeechChunk(samples, utterance, patch, stops[patch], last, pause));
            }
        }

        return plot.Draw();
    }

    private static (byte[] Pixels, int Width, int Height) Decode(byte[] png)
    {
        Assert.Equal([0x89, .. "PNG\r\n"u8.ToArray(), 0x1A, (byte)'\n'], png[..8]);
        var (width, height) = (0, 0);
        using var data = new MemoryStream();
        for (var at = 8; at < png.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(at));
            var type = System.Text.Encoding.ASCII.GetString(png, at + 4, 4);
            var content = png.AsSpan(at + 8, length);
            if (type == "IHDR") (width, height) = (BinaryPrimitives.ReadInt32BigEndian(content), BinaryPrimitives.ReadInt32BigEndian(content[4..]));
            if (type == "IDAT") data.Write(content);
            at += 12 + length;
        }

        data.Position = 0;
        using var zlib = new ZLibStream(data, CompressionMode.Decompress);
        using var rows = new MemoryStream();
        zlib.CopyTo(rows);
        var all = rows.ToArray();
        Assert.Equal((width + 1) * height, all.Length);
        return ([.. Enumerable.Range(0, height).SelectMany(row => all[(row * (width + 1) + 1)..((row + 1) * (width + 1))])], width, height);
    }
}
