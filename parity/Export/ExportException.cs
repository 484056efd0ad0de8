// A model whose operations cannot be written as a graph, or a folder that a graph cannot be written to.

namespace Ditar.Parity.Export;

public sealed class ExportException(string message) : Exception(message);
