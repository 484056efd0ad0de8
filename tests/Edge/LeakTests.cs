// A thousand utterances leave nothing behind: native memory and the process's handles are what they were. Alone, because both are counted for the process.

using System.Diagnostics;
using Ditar.Edge;
using Ditar.Simd;

namespace Ditar.Tests.Edge;

[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";

    /// <summary>Lets finalisers of earlier tests give their memory back before anything is counted.</summary>
    internal static void Settle()
    {
        for (var round = 0; round < 3; round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}

[Collection(AloneCollection.Name)]
public sealed class LeakTests
{
    [Fact]
    public async Task A_thousand_utterances_leave_nothing_behind()
    {
        var folder = Directory.CreateTempSubdirectory("ditar-leak-");
        try
        {
            var model = TinyCheckpoint.Write(folder.FullName);
            AloneCollection.Settle();
            var (native, handles) = (NativeBuffer.BytesInUse, Handles);
            using (var speaker = Speaker.Load(model, threads: 2))
            {
                await Speak(speaker, 50);
                var (held, used) = (speaker.NativeBytes, NativeBuffer.BytesInUse);
                Assert.InRange(held, 1, used - native);
                await Speak(speaker, 950);
                Assert.Equal(held, speaker.NativeBytes);
                AloneCollection.Settle();
                Assert.InRange(NativeBuffer.BytesInUse, 0, used);
            }

            AloneCollection.Settle();
            Assert.Equal(native, NativeBuffer.BytesInUse);
            // The thread pool may have started threads of its own meanwhile.
            Assert.InRange(Handles, 0, handles + 20);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static int Handles
    {
        get
        {
            using var process = Process.GetCurrentProcess();
            return process.HandleCount;
        }
    }

    // Every third is left early, every other one is spoken as a pipeline.
    private static async Task Speak(Speaker speaker, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var options = new SpeakOptions { Seed = (ulong)i, Steps = 1 };
            if (i % 2 == 0)
            {
                foreach (var chunk in speaker.Speak("a", options))
                    if (i % 3 == 0 && chunk.Patch == 1) break;
                continue;
            }

            await foreach (var chunk in speaker.SpeakAsync("a", options))
                if (i % 3 == 0 && chunk.Patch == 1) break;
        }
    }
}
