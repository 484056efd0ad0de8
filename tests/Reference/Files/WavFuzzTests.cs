// Four thousand damaged WAV files of three kinds: refused with the typed exception or read, with an allocation bounded by the file's length.
using Ditar.Reference.Files;
using static Ditar.Tests.Reference.Files.WavBytes;

namespace Ditar.Tests.Reference.Files;

public class WavFuzzTests
{
    private const int Count = 1334;

    private static readonly byte[] Sound = [.. Enumerable.Range(0, 480).Select(i => (byte)(i * 7))];

    public static TheoryData<string> Kinds() => ["plain", "extensible", "floats with other chunks"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Damaged_files_are_refused_or_read_and_never_do_harm(string kind)
    {
        var good = kind switch
        {
            "plain" => Riff(Format(1, 2, 16000, 16), Chunk("data", Sound)),
            "extensible" => Riff(Chunk("LIST", new byte[5]), Extensible(1, 3, 48000, 24, 20), Chunk("data", Sound)),
            _ => Riff(Chunk("ds64", new byte[28]), Chunk("data", Sound), Chunk("fact", new byte[4]), Format(3, 1, 22050, 32), Chunk("LIST", new byte[30])),
        };
        var readAll = 0;
        var refused = Mutation.Run<AudioFileException>(good, 10_000, Count, allowedBytesPerByte: 16, bytes =>
        {
            var audio = WavFile.Read(new MemoryStream(bytes), "damaged.wav");
            Assert.Equal(0, audio.Samples.Length % audio.Channels);
            Assert.True(Array.TrueForAll(audio.Samples, float.IsFinite));
            Assert.Equal(audio.Frames, audio.ToMono().Length);
            readAll++;
        });
        Assert.Equal(Count, refused + readAll);
        Assert.True(refused > Count / 20 && readAll > Count / 20, $"{refused} refused, {readAll} read");
    }
}
