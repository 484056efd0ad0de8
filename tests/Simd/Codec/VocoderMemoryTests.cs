// What streams of the fused codec allocate. Alone, because native memory is counted for the process.

using Ditar.Simd;
using Ditar.Tests.Edge;

namespace Ditar.Tests.Simd.Codec;

[Collection(AloneCollection.Name)]
[Trait("Category", "Kernel")]
public sealed class VocoderMemoryTests
{
    [Theory]
    [InlineData("istft odd")]
    [InlineData("bigvgan odd")]
    [InlineData("voxcpm2")]
    public void A_push_allocates_nothing_but_its_samples_and_streams_give_their_memory_back(string name)
    {
        var codec = CodecCases.Decoder(name);
        using var pool = new WorkerPool(2);
        using var vocoder = codec.Fuse(pool);
        var pieces = Enumerable.Range(0, 40).Select(i => CodecCases.Latents(2, codec.LatentDim, i)).ToArray();
        using (var warm = vocoder.Start())
            warm.Push(pieces[0], last: true);
        AloneCollection.Settle();
        var native = NativeBuffer.BytesInUse;
        for (var round = 0; round < 300; round++)
        {
            using var stream = vocoder.Start();
            stream.Push(pieces[0], last: false);
            var before = GC.GetAllocatedBytesForCurrentThread();
            long handed = 0;
            for (var i = 1; i < pieces.Length - 1; i++)
                handed += SizeOf(stream.Push(pieces[i], last: false));
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.Equal(handed, allocated);
            if (round % 2 == 0)
                stream.Push(pieces[^1], last: true);
        }

        Assert.Equal(native, NativeBuffer.BytesInUse);
    }

    // Object header, method table, length, values, to whole words.
    private static long SizeOf(float[] samples) => samples.Length == 0 ? 0 : (24 + (samples.Length * 4L) + 7) / 8 * 8;
}
