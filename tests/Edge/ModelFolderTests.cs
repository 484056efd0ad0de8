// Finding the model without being told.

using Ditar.Edge;

namespace Ditar.Tests.Edge;

public sealed class ModelFolderTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("ditar-find-").FullName;

    [Fact]
    public void It_lies_beside_the_program_above_it_inside_a_checkout_or_in_the_current_directory()
    {
        var (program, current) = (Folder("home", "checkout", "Ditar.Edge", "bin"), Folder("elsewhere"));
        var strangers = Model("home");
        var message = Assert.Throws<SpeechException>(() => ModelFolder.Find(program, current)).Message;
        Assert.Contains(Path.Combine(program, "models", "ditar-tiny"), message);
        Assert.Contains(Path.Combine(current, "models", "ditar-tiny"), message);
        Assert.DoesNotContain(strangers, message);

        Assert.Equal(Model("elsewhere"), ModelFolder.Find(program, current));
        File.WriteAllText(Path.Combine(root, "home", "checkout", "Ditar.sln"), "");
        Assert.Equal(Model("home", "checkout"), ModelFolder.Find(program, current));
        Assert.Equal(Model("home", "checkout", "Ditar.Edge", "bin"), ModelFolder.Find(program, current));
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    private string Folder(params string[] parts) => Directory.CreateDirectory(Path.Combine([root, .. parts])).FullName;

    private string Model(params string[] parts)
    {
        var folder = Folder([.. parts, "models", "ditar-tiny"]);
        File.WriteAllText(Path.Combine(folder, "config.json"), "{}");
        return folder;
    }
}
