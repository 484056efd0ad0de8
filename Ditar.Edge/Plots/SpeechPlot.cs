// `say --plot`: one SVG with the waveform, the log-mel spectrogram and the stop head's probability over time, lines where patches and utterances
// begin. Text, lines and one embedded picture, so that a browser shows it as it is.

using System.Globalization;
using System.Net;
using System.Text;
using Ditar.Reference.Signal;

namespace Ditar.Edge;

internal sealed class SpeechPlot(int sampleRate, int patchSamples)
{
    private const double Left = 64, Right = 20, Gap = 34, Top = 74;
    private const double WaveHeight = 120, MelHeight = 200, StopHeight = 110;
    private const double NarrowestWidth = 600, WidestWidth = 6000, WidthOfSecond = 320;
    private const int Bands = 80;

    // Fewer than this many pixels between patches are noise, not information.
    private const double ClosestPatchLines = 5;

    private readonly List<float> samples = [];
    private readonly List<(Utterance Utterance, int Start, int End)> utterances = [];
    private readonly List<(int Start, double Stop, bool Last)> patches = [];
    private int utteranceStart;
    private double width;

    private double Seconds => Math.Max(1, samples.Count) / (double)sampleRate;

    public void Add(SpeechChunk chunk)
    {
        // The decoder hands sound out late; in the finished sound each patch takes its place one after the other.
        patches.Add((utteranceStart + chunk.Patch * patchSamples, chunk.StopProbability, chunk.Last));
        samples.AddRange(chunk.Samples);
        if (!chunk.Last) return;
        utterances.Add((chunk.Utterance, utteranceStart, samples.Count - chunk.Pause));
        utteranceStart = samples.Count;
    }

    /// <returns>The text of an SVG file.</returns>
    public string Draw()
    {
        width = Math.Clamp(Seconds * WidthOfSecond, NarrowestWidth, WidestWidth);
        double wave = Top, mel = wave + WaveHeight + Gap, stop = mel + MelHeight + Gap, bottom = stop + StopHeight;
        var (fullWidth, fullHeight) = (Left + width + Right, bottom + 48);
        var svg = new StringBuilder();
        Append(svg, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {fullWidth:0.#} {fullHeight:0.#}\" width=\"{fullWidth:0.#}\" height=\"{fullHeight:0.#}\" ");
        Append(svg, $"font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
        Text(svg, Left, 24, $"{Seconds:0.00} s, {patches.Count} patches of {1000.0 * patchSamples / sampleRate:0.#} ms, {sampleRate} Hz", "start", 15);
        DrawUtterances(svg, bottom);
        DrawWave(svg, wave);
        DrawMel(svg, mel);
        DrawPatchLines(svg, wave, bottom);
        DrawStops(svg, stop);
        DrawTime(svg, bottom);
        return svg.Append("</svg>\n").ToString();
    }

    private void DrawUtterances(StringBuilder svg, double bottom)
    {
        foreach (var (utterance, start, end) in utterances)
        {
            Append(svg, $"<rect x=\"{X(start):0.#}\" y=\"{Top - 26}\" width=\"{Math.Max(1, X(end) - X(start)):0.#}\" height=\"{bottom - Top + 26:0.#}\" fill=\"#f4f6f9\"/>\n");
            // About six pixels a letter; what does not fit over its sound is shortened.
            var room = Math.Max(3, (int)((X(end) - X(start)) / 6.2));
            Text(svg, X(start) + 3, Top - 10, utterance.Text.Length <= room ? utterance.Text : utterance.Text[..(room - 1)] + "…", "start");
        }
    }

    // A filled band from the lowest to the highest sample of each pixel column.
    private void DrawWave(StringBuilder svg, double top)
    {
        var middle = top + WaveHeight / 2;
        Label(svg, top, WaveHeight, "waveform");
        foreach (var level in new[] { 1, 0, -1 })
        {
            Line(svg, Left, middle - level * WaveHeight / 2, Left + width, middle - level * WaveHeight / 2, "#ddd");
            Text(svg, Left - 6, middle - level * WaveHeight / 2 + 4, $"{level}", "end");
        }

        var columns = (int)width;
        var (highs, lows) = (new StringBuilder(), new List<string>());
        for (var column = 0; column < columns; column++)
        {
            var from = (int)((long)column * samples.Count / columns);
            var to = Math.Max(from + 1, (int)((long)(column + 1) * samples.Count / columns));
            float low = 1, high = -1;
            for (var i = from; i < Math.Min(to, samples.Count); i++) (low, high) = (Math.Min(low, samples[i]), Math.Max(high, samples[i]));
            if (low > high) continue;
            Append(highs, $"{Left + column:0.#},{middle - Math.Min(1, high) * WaveHeight / 2 - 0.4:0.#} ");
            lows.Add(string.Create(CultureInfo.InvariantCulture, $"{Left + column:0.#},{middle - Math.Max(-1, low) * WaveHeight / 2 + 0.4:0.#} "));
        }

        lows.Reverse();
        Append(svg, $"<polygon points=\"{highs}{string.Concat(lows)}\" fill=\"#0072b2\"/>\n");
    }

    private void DrawMel(StringBuilder svg, double top)
    {
        // A window of about 50 ms, a frame per pixel but not more often than every 5 ms.
        var window = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(64, sampleRate / 24));
        var hop = Math.Max(Math.Max(1, sampleRate / 200), (int)(samples.Count / width));
        var mel = new MelSpectrogram(new MelSettings { SampleRate = sampleRate, Window = window, Hop = hop, Bands = Bands }).Compute(samples.ToArray());
        var (lowest, highest) = (mel.Values.Min(), mel.Values.Max());
        var scale = 255 / Math.Max(1e-6f, highest - lowest);
        var pixels = new byte[mel.Frames * Bands];
        for (var frame = 0; frame < mel.Frames; frame++)
            for (var band = 0; band < Bands; band++)
                pixels[(Bands - 1 - band) * mel.Frames + frame] = (byte)((mel[frame][band] - lowest) * scale);
        var picture = Convert.ToBase64String(IndexedPng.Encode(pixels, mel.Frames, Bands, Palette()));
        Append(svg, $"<image x=\"{Left}\" y=\"{top}\" width=\"{width:0.#}\" height=\"{MelHeight}\" preserveAspectRatio=\"none\" href=\"data:image/png;base64,{picture}\"/>\n");
        Label(svg, top, MelHeight, "mel spectrogram, Hz");
        foreach (var hertz in new[] { 100, 300, 1000, 3000, 10000 })
        {
            if (hertz >= sampleRate / 2) continue;
            var y = top + MelHeight * (1 - Mel(hertz) / Mel(sampleRate / 2.0));
            Line(svg, Left - 4, y, Left, y, "#666");
            Text(svg, Left - 6, y + 4, hertz < 1000 ? $"{hertz}" : $"{hertz / 1000}k", "end");
        }
    }

    private void DrawPatchLines(StringBuilder svg, double top, double bottom)
    {
        if (X(patchSamples) - Left < ClosestPatchLines) return;
        foreach (var (start, _, _) in patches) Append(svg, $"<line x1=\"{X(start):0.#}\" y1=\"{top}\" x2=\"{X(start):0.#}\" y2=\"{bottom}\" stroke=\"#888\" stroke-opacity=\"0.35\"/>\n");
    }

    private void DrawStops(StringBuilder svg, double top)
    {
        Label(svg, top, StopHeight, "stop probability");
        foreach (var level in new[] { 0, 0.5, 1 })
        {
            Line(svg, Left, top + StopHeight * (1 - level), Left + width, top + StopHeight * (1 - level), "#ddd");
            Text(svg, Left - 6, top + StopHeight * (1 - level) + 4, $"{level:0.#}", "end");
        }

        foreach (var (start, probability, last) in patches)
        {
            var height = Math.Max(1, StopHeight * probability);
            Append(svg, $"<rect x=\"{X(start) + 0.5:0.#}\" y=\"{top + StopHeight - height:0.#}\" width=\"{Math.Max(0.5, X(start + patchSamples) - X(start) - 1):0.#}\" ");
            Append(svg, $"height=\"{height:0.#}\" fill=\"{(last ? "#d55e00" : "#56b4e9")}\"/>\n");
        }
    }

    private void DrawTime(StringBuilder svg, double bottom)
    {
        var step = new[] { 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60 }.FirstOrDefault(step => step * width / Seconds >= 60, 300);
        for (var tick = 0; tick * step <= Seconds; tick++)
        {
            var x = Left + tick * step / Seconds * width;
            Line(svg, x, bottom, x, bottom + 5, "#666");
            Text(svg, x, bottom + 19, $"{tick * step:0.#}", "middle");
        }

        Text(svg, Left + width / 2, bottom + 38, "seconds", "middle");
    }

    private double X(int sample) => Left + width * sample / Math.Max(1, samples.Count);

    private static double Mel(double hertz) => Math.Log(1 + hertz / 700);

    // From dark to light through blue, red and yellow; brightness rises all the way, so it also reads in grey.
    private static byte[] Palette()
    {
        ReadOnlySpan<byte> anchors = [8, 8, 28, 52, 24, 110, 140, 40, 120, 214, 74, 74, 246, 152, 52, 252, 246, 196];
        var palette = new byte[256 * 3];
        for (var i = 0; i < 256; i++)
        {
            var place = i / 255.0 * (anchors.Length / 3 - 1);
            var from = Math.Min((int)place, anchors.Length / 3 - 2);
            for (var c = 0; c < 3; c++) palette[3 * i + c] = (byte)(anchors[3 * from + c] + (place - from) * (anchors[3 * from + 3 + c] - anchors[3 * from + c]));
        }

        return palette;
    }

    private static void Label(StringBuilder svg, double top, double height, string text) =>
        Append(svg, $"<text transform=\"translate(16 {top + height / 2:0.#}) rotate(-90)\" text-anchor=\"middle\" font-size=\"11\">{text}</text>\n");

    private static void Text(StringBuilder svg, double x, double y, FormattableString text, string anchor, int size = 12) =>
        Text(svg, x, y, text.ToString(CultureInfo.InvariantCulture), anchor, size);

    private static void Text(StringBuilder svg, double x, double y, string text, string anchor, int size = 12) =>
        Append(svg, $"<text x=\"{x:0.#}\" y=\"{y:0.#}\" text-anchor=\"{anchor}\" font-size=\"{size}\">{WebUtility.HtmlEncode(text)}</text>\n");

    private static void Line(StringBuilder svg, double x1, double y1, double x2, double y2, string colour) =>
        Append(svg, $"<line x1=\"{x1:0.#}\" y1=\"{y1:0.#}\" x2=\"{x2:0.#}\" y2=\"{y2:0.#}\" stroke=\"{colour}\"/>\n");

    private static void Append(StringBuilder svg, FormattableString text) => svg.Append(text.ToString(CultureInfo.InvariantCulture));
}
