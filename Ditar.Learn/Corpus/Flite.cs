// Speech for the corpus: runs the flite program once per utterance and reads back its audio and the end time of each phone.
// Arguments are passed as a list, never through a shell. flite loads its voices itself; nothing is downloaded.
// Left out: flite's SSML and lexicon additions; texts with punctuation (flite would restart its phone times at each sentence).

using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Ditar.Reference.Files;

namespace Ditar.Learn;

/// <summary>The outside synthesiser is missing, or did not do what was asked.</summary>
public sealed class FliteException : Exception
{
    public FliteException(string message) : base(message) { }
    public FliteException(string message, Exception inner) : base(message, inner) { }
    public FliteException() { }
}

/// <summary>A phone and the time at which it ends, in seconds from the start of the audio.</summary>
public readonly record struct TimedPhone(string Symbol, double End);

/// <summary>What flite returned for one text.</summary>
/// <param name="Samples">16-bit mono audio at <see cref="Flite.SampleRate"/>, untrimmed.</param>
/// <param name="Phones">In order; pauses are "pau".</param>
public sealed record FliteUtterance(short[] Samples, IReadOnlyList<TimedPhone> Phones);

/// <summary>How an utterance is to be spoken.</summary>
/// <param name="Voice">One of flite's built-in voices.</param>
/// <param name="Stretch">Duration factor; 1 is the voice's own rate, 1.2 is slower.</param>
/// <param name="Pitch">Mean F0 in Hz, or null for the voice's own; flite ignores it for rms.</param>
public readonly record struct FliteVoice(string Voice, double Stretch = 1, double? Pitch = null);

/// <summary>Runs flite. Safe to use from several threads; each call is a process of its own.</summary>
public sealed class Flite : IDisposable
{
    /// <summary>The rate of every voice that the corpus uses, in Hz.</summary>
    public const int SampleRate = 16000;

    private const string InstallHint = "install it (Debian, Ubuntu: apt-get install flite) or put it on the PATH";

    private readonly DirectoryInfo scratch = Directory.CreateTempSubdirectory("ditar-flite-");
    private readonly HashSet<string> voices;
    private int nextFile;

    /// <summary>Looks for flite and its voices.</summary>
    /// <exception cref="FliteException">flite is not installed.</exception>
    public Flite()
    {
        try
        {
            string listing = Run(["-lv"], CancellationToken.None);
            voices = [.. listing[(listing.IndexOf(':') + 1)..].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)];
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Whether the program can be started at all.</summary>
    public static bool IsInstalled
    {
        get
        {
            try
            {
                using var flite = new Flite();
                return true;
            }
            catch (FliteException)
            {
                return false;
            }
        }
    }

    /// <summary>Names of the built-in voices.</summary>
    public IReadOnlySet<string> Voices => voices;

    /// <summary>Speaks one text.</summary>
    /// <param name="text">Letters, spaces and apostrophes; a lone capital is read as the letter's name.</param>
    /// <exception cref="FliteException">Unknown voice (flite itself would silently take another, or open a path), or a failed run.</exception>
    public FliteUtterance Speak(string text, FliteVoice voice, CancellationToken cancellation = default)
    {
        if (!voices.Contains(voice.Voice))
            throw new FliteException($"flite has no voice '{voice.Voice}'; it has {string.Join(", ", voices.Order())}");
        if (text.AsSpan().IndexOfAnyExcept(Speakable) is int at and >= 0)
            throw new FliteException($"expected letters, spaces and apostrophes, found U+{(int)text[at]:X4} at {at} of '{text}'");
        if (string.IsNullOrWhiteSpace(text)) throw new FliteException("expected a text to speak, found an empty one");

        string wav = Path.Combine(scratch.FullName, $"{Interlocked.Increment(ref nextFile)}.wav");
        try
        {
            List<string> arguments = ["-voice", voice.Voice];
            if (voice.Stretch != 1) arguments.AddRange(["--setf", $"duration_stretch={voice.Stretch.ToString("0.###", CultureInfo.InvariantCulture)}"]);
            if (voice.Pitch is double pitch) arguments.AddRange(["--setf", $"int_f0_target_mean={pitch.ToString("0.##", CultureInfo.InvariantCulture)}"]);
            arguments.AddRange(["-psdur", "-t", text, "-o", wav]);
            var phones = ParsePhones(Run(arguments, cancellation));
            if (phones.Count == 0) throw new FliteException($"flite printed no phones for '{text}'");
            return new FliteUtterance(ReadWav(wav), phones);
        }
        finally
        {
            File.Delete(wav);
        }
    }

    /// <summary>Parses flite's "-psdur" line: "pau:0.197 s:0.336 eh:0.394".</summary>
    internal static IReadOnlyList<TimedPhone> ParsePhones(string line)
    {
        var phones = new List<TimedPhone>();
        foreach (string item in line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            int colon = item.LastIndexOf(':');
            if (colon <= 0 || !double.TryParse(item.AsSpan(colon + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out double end))
                throw new FliteException($"expected phone:seconds from flite -psdur, found '{item}'");
            if (phones.Count > 0 && end < phones[^1].End)
                throw new FliteException($"phone times of flite run backwards at '{item}': the text was split into several utterances");
            phones.Add(new TimedPhone(item[..colon], end));
        }

        return phones;
    }

    public void Dispose()
    {
        if (scratch.Exists) scratch.Delete(recursive: true);
    }

    private static readonly System.Buffers.SearchValues<char> Speakable =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz '");

    private static string Run(IEnumerable<string> arguments, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo("flite", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        Process? started;
        try
        {
            started = Process.Start(start);
        }
        catch (Win32Exception e)
        {
            throw new FliteException($"flite could not be started: {InstallHint}", e);
        }

        using var process = started ?? throw new FliteException($"flite could not be started: {InstallHint}");
        using var killing = cancellation.Register(() => Kill(process));
        // flite prints one line here and nothing on the other stream unless it fails: neither pipe can fill while the other is read.
        string output = process.StandardOutput.ReadToEnd();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        cancellation.ThrowIfCancellationRequested();
        if (process.ExitCode != 0) throw new FliteException($"flite ended with code {process.ExitCode}: {error.Trim()}");
        return output;
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It had ended by itself.
        }
    }

    private static short[] ReadWav(string path)
    {
        var wav = WavFile.Read(path);
        if (wav.Channels != 1 || wav.SampleRate != SampleRate)
            throw new FliteException($"{path}: expected mono at {SampleRate} Hz, found {wav.Channels} channels at {wav.SampleRate} Hz (the voice 'kal' is 8 kHz; use kal16)");
        return Array.ConvertAll(wav.Samples, sample => (short)(sample * 32768)); // flite writes 16 bits: nothing is rounded
    }
}
