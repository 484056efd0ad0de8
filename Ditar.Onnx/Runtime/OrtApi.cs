// ONNX Runtime's function table: asked for once, its entries called through unmanaged function pointers, every status turned into an exception.

using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Ditar.Onnx;

/// <param name="table">struct OrtApi.</param>
/// <param name="version">What the library calls itself, "1.30.0".</param>
internal sealed unsafe partial class OrtApi(nint* table, string version)
{
    /// <summary>The table's version that the binding is written to: that of ONNX Runtime 1.24. Newer libraries hand out older tables.</summary>
    public const int TableVersion = 24;

    /// <summary>The one function that the library exports for the C API.</summary>
    public const string Entry = "OrtGetApiBase";

    public string Version { get; } = version;

    public nint this[OrtFunction function] => table[(int)function];

    /// <param name="entry">The exported OrtGetApiBase.</param>
    /// <param name="path">For messages.</param>
    /// <exception cref="OnnxLibraryException">The library is older than the table we need.</exception>
    public static OrtApi Ask(nint entry, string path)
    {
        // struct OrtApiBase: GetApi(version), GetVersionString().
        var functions = ((delegate* unmanaged<nint*>)entry)();
        var version = Marshal.PtrToStringUTF8((nint)((delegate* unmanaged<byte*>)functions[1])()) ?? "";
        var table = ((delegate* unmanaged<uint, nint*>)functions[0])(TableVersion);
        if (table == null)
        {
            throw new OnnxLibraryException(
                $"{path} is ONNX Runtime {version}, which does not have version {TableVersion} of the C API: expected ONNX Runtime 1.{TableVersion} or later. {LibrarySearch.HowToGet}");
        }

        return new OrtApi(table, version);
    }

    /// <param name="status">OrtStatus*, null for success; given back here.</param>
    /// <param name="context">What was being done, for the message; often the file.</param>
    /// <exception cref="OnnxRuntimeException">The call failed.</exception>
    public void Check(nint status, string? context = null)
    {
        if (status == 0) return;
        var code = (OnnxErrorCode)((delegate* unmanaged<nint, int>)this[OrtFunction.GetErrorCode])(status);
        var message = Text(((delegate* unmanaged<nint, byte*>)this[OrtFunction.GetErrorMessage])(status));
        ((delegate* unmanaged<nint, void>)this[OrtFunction.ReleaseStatus])(status);
        throw new OnnxRuntimeException(code, $"{(context is null ? "" : context + ": ")}ONNX Runtime {Version} says {code}: {Plain(message)}");
    }

    // One line without the places in ONNX Runtime's sources that a failed assertion begins with.
    internal static string Plain(string message)
    {
        foreach (var before in new[] { " was false. ", "[ONNXRuntimeError] : " })
        {
            var at = message.LastIndexOf(before, StringComparison.Ordinal);
            if (at >= 0 && at + before.Length < message.Length) message = message[(at + before.Length)..];
        }

        // What is left may begin with the code again: "1 : FAIL : ".
        return LeadingCode().Replace(message.ReplaceLineEndings(" ").Trim(), "");
    }

    /// <summary>Calls that only make an object: OrtStatus* f(T** out).</summary>
    public OrtHandle Create(OrtFunction create, OrtFunction release)
    {
        nint made;
        Check(((delegate* unmanaged<nint*, nint>)this[create])(&made));
        return new OrtHandle(this, made, release);
    }

    /// <summary>Calls that set a number: OrtStatus* f(object, int).</summary>
    public void Set(OrtFunction function, OrtHandle target, int value) => Check(((delegate* unmanaged<nint, int, nint>)this[function])(target.Value, value));

    /// <summary>Calls that ask a count: OrtStatus* f(object, size_t* out).</summary>
    public int Count(OrtFunction function, nint target)
    {
        nuint count;
        Check(((delegate* unmanaged<nint, nuint*, nint>)this[function])(target, &count));
        return checked((int)count);
    }

    /// <summary>Execution providers that were compiled into the library, in its order.</summary>
    public IReadOnlyList<string> AvailableProviders()
    {
        byte** names;
        int count;
        Check(((delegate* unmanaged<byte***, int*, nint>)this[OrtFunction.GetAvailableProviders])(&names, &count));
        var found = new string[count];
        for (var i = 0; i < count; i++) found[i] = Text(names[i]);
        Check(((delegate* unmanaged<byte**, int, nint>)this[OrtFunction.ReleaseAvailableProviders])(names, count));
        return found;
    }

    [GeneratedRegex(@"^\d+ : [A-Z_]+ : ")]
    private static partial Regex LeadingCode();

    internal static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";
}
