// ONNX Runtime's library for the lab: found as Ditar.Onnx finds it, else fetched once, visibly, by the checkout's own script. Only inside a checkout, and not
// when DITAR_ONNXRUNTIME says which library is wanted.

using System.ComponentModel;
using System.Diagnostics;
using Ditar.Onnx;

namespace Ditar.Parity;

internal static class FetchedLibrary
{
    private const string Script = "eng/fetch-onnxruntime.sh";

    /// <param name="say">Told before something is fetched.</param>
    /// <exception cref="OnnxLibraryException">The library is not there and could not be fetched.</exception>
    public static OnnxLibrary Require(Action<string> say)
    {
        try
        {
            return OnnxLibrary.Shared;
        }
        catch (OnnxLibraryException missing) when (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(LibrarySearch.Variable)))
        {
            if (Checkout() is not { } checkout) throw;
            say($"ONNX Runtime's library is not there yet; fetching it once with {Script}");
            Fetch(Path.Combine(checkout, Script), missing);
            return OnnxLibrary.Shared;
        }
    }

    private static void Fetch(string script, OnnxLibraryException missing)
    {
        try
        {
            using var fetch = Process.Start(new ProcessStartInfo("bash", [script]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            fetch.OutputDataReceived += (_, _) => { };
            fetch.BeginOutputReadLine();
            var errors = fetch.StandardError.ReadToEnd();
            fetch.WaitForExit();
            if (fetch.ExitCode != 0) throw new OnnxLibraryException($"{missing.Message} {Script} failed: {errors.Trim()}", missing);
        }
        catch (Win32Exception fault)
        {
            throw new OnnxLibraryException($"{missing.Message} {Script} could not be run: {fault.Message}", fault);
        }
    }

    private static string? Checkout()
    {
        for (var above = new DirectoryInfo(AppContext.BaseDirectory); above is not null; above = above.Parent)
            if (File.Exists(Path.Combine(above.FullName, "Ditar.sln")) && File.Exists(Path.Combine(above.FullName, Script))) return above.FullName;
        return null;
    }
}
