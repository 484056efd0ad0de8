// Damages a good file the way hostile and broken ones are damaged: flipped bits, lying numbers, cut, grown, shuffled. Deterministic by number.
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Ditar.Reference.Randomness;

namespace Ditar.Tests.Reference.Files;

internal static class Mutation
{
    private static readonly ulong[] Numbers =
    [
        0, 1, 2, 3, 7, 8, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF, 0x100000000,
        0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0xFFFFFFFFFFFFFFFF,
    ];

    private static readonly string[] Scraps =
        ["{", "}", "[", "]", "\"", ",", ":", "null", "true", "\\u0000", "\\ud800", "1e999", "-1", "0.5", "F32", "BOOL", "data", "fmt ", "LIST", "RIFF"];

    public static byte[] Apply(byte[] good, int number)
    {
        var random = new RandomSequence(0xF022, (ulong)number);
        var bytes = new List<byte>(good);
        for (var changes = 1 + random.NextBelow(3); changes > 0; changes--)
            Change(bytes, random);
        return [.. bytes];
    }

    /// <summary>
    /// Opens the damaged forms of a file. Only the reader's own exception may come out, and what the reader allocates is bounded by the length of
    /// the file, whatever the file says. Returns how many were refused, so that a test can demand that both outcomes happen.
    /// </summary>
    public static int Run<TException>(byte[] good, int firstNumber, int count, int allowedBytesPerByte, Action<byte[]> read)
        where TException : Exception
    {
        var refused = 0;
        var allowed = 300_000L;                                   // messages, stack traces, stream buffers
        for (var number = firstNumber; number < firstNumber + count; number++)
        {
            var bytes = Apply(good, number);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var started = System.Diagnostics.Stopwatch.GetTimestamp();
            try
            {
                read(bytes);
            }
            catch (TException)
            {
                refused++;
            }
            catch (Exception fault)
            {
                throw new Xunit.Sdk.XunitException($"mutation {number}: {fault}");
            }

            var used = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(used <= allowed + (long)allowedBytesPerByte * bytes.Length, $"mutation {number}: {used} bytes allocated for a file of {bytes.Length}");
            // A hang, not a slow machine: a file of a few kilobytes takes well under a millisecond.
            Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(20), $"mutation {number} took too long");
        }

        return refused;
    }

    private static void Change(List<byte> bytes, RandomSequence random)
    {
        var at = random.NextBelow(bytes.Count + 1);
        // Headers are where the lies are told: half of the changes fall on the first 200 bytes.
        if (random.NextUniform() < 0.5)
            at = Math.Min(at, random.NextBelow(200));
        var length = Math.Min(1 + random.NextBelow(16), bytes.Count - at);
        switch (random.NextBelow(9))
        {
            case 0 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << random.NextBelow(8));
                break;
            case 1 when at < bytes.Count:
                bytes[at] = (byte)random.NextBelow(256);
                break;
            case 2:
                WriteNumber(bytes, at, random);
                break;
            case 3:
                bytes.RemoveRange(at, length);
                break;
            case 4:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 5:
                bytes.InsertRange(at, bytes.GetRange(at, length));
                break;
            case 6:
                bytes.InsertRange(at, Encoding.ASCII.GetBytes(Scraps[random.NextBelow(Scraps.Length)]));
                break;
            case 7:
                bytes.AddRange(new byte[1 + random.NextBelow(100)]);
                break;
            default:
                ReplaceDigits(bytes, at, random);
                break;
        }
    }

    private static void WriteNumber(List<byte> bytes, int at, RandomSequence random)
    {
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(number, Numbers[random.NextBelow(Numbers.Length)]);
        var width = 1 << random.NextBelow(4);
        for (var i = 0; i < width && at + i < bytes.Count; i++)
            bytes[at + i] = number[i];
    }

    /// <summary>Replaces the next number written in digits by one of the interesting ones.</summary>
    private static void ReplaceDigits(List<byte> bytes, int at, RandomSequence random)
    {
        var start = bytes.FindIndex(at, value => char.IsAsciiDigit((char)value));
        if (start < 0)
            return;
        var end = start;
        while (end < bytes.Count && char.IsAsciiDigit((char)bytes[end]))
            end++;
        bytes.RemoveRange(start, end - start);
        bytes.InsertRange(start, Encoding.ASCII.GetBytes(Numbers[random.NextBelow(Numbers.Length)].ToString(CultureInfo.InvariantCulture)));
    }
}
