// What a user of the native library can meet, each with a type of its own. Faults of files in an export folder are MalformedFileExceptions instead.

namespace Ditar.Onnx;

public abstract class OnnxException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The native library is missing, of another version or built for another machine; the message says where it was looked for and how to get it.</summary>
public sealed class OnnxLibraryException(string message, Exception? inner = null) : OnnxException(message, inner);

/// <summary>The execution provider that was asked for cannot be used here; the message says why and what there is.</summary>
public sealed class OnnxProviderException(string message, Exception? inner = null) : OnnxException(message, inner);

/// <summary>A call of ONNX Runtime failed.</summary>
public sealed class OnnxRuntimeException(OnnxErrorCode code, string message) : OnnxException(message)
{
    public OnnxErrorCode Code { get; } = code;
}

/// <summary>Why a call failed, in ONNX Runtime's own numbers.</summary>
public enum OnnxErrorCode
{
    None = 0,
    Fail = 1,
    InvalidArgument = 2,
    NoSuchFile = 3,
    NoModel = 4,
    EngineError = 5,
    RuntimeException = 6,
    InvalidProtobuf = 7,
    ModelLoaded = 8,
    NotImplemented = 9,
    InvalidGraph = 10,
    ProviderFail = 11,
    ModelLoadCancelled = 12,
    ModelRequiresCompilation = 13,
    NotFound = 14,
}
