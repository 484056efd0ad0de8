// `ditar make-up`: a VoxCPM folder of a released checkpoint's true shapes with weights from a seed. For timing and for trying the loader where the
// real weights are not at hand; what it says is noise.

using System.CommandLine;
using Ditar.Reference.VoxCpm;

namespace Ditar.Edge;

internal static class MakeUpCommand
{
    public const string Examples =
        """
          ditar make-up 0.5B -o made-up-0.5B
          ditar make-up 2 -o made-up-2 --seed 7
          ditar info --model made-up-2
        """;

    public static Command Create()
    {
        var name = new Argument<string>("checkpoint") { Description = string.Join(", ", OfficialConfigs.Names) };
        var output = new Option<string>("--output", "-o") { Description = "folder to write; files of these names in it are replaced", HelpName = "DIR", Required = true };
        var seed = new Option<ulong>("--seed") { Description = "the same seed gives the same weights", HelpName = "N" };
        name.AcceptOnlyFromAmong([.. OfficialConfigs.Names]);
        var command = new Command("make-up", "Write a VoxCPM checkpoint of a released size with made-up weights (1.6 to 5 GB): official names and files, no speech.") { name, output, seed };
        command.SetAction(parsed => Failures.Guard(() =>
        {
            MadeUpCheckpoint.Write(parsed.GetValue(name)!, parsed.GetValue(output)!, parsed.GetValue(seed));
            return ExitCode.Done;
        }));
        return command;
    }
}
