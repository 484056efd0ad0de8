// A folder that lives as long as one test.
namespace Ditar.Tests.Reference.Files;

internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("ditar-test-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public string File(string name, ReadOnlySpan<byte> content)
    {
        var path = File(name);
        System.IO.File.WriteAllBytes(path, content);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
