// `ditar-parity record`: one engine's run into one file, here or on a machine that has what this one lacks. With --inputs it computes on another recording's
// inputs, so that not even the oracle's last float64 bit, which depends on the vector width, can make two runs incomparable.

using System.CommandLine;

namespace Ditar.Parity;

internal static class RecordCommand
{
    public static Command Create()
    {
        var model = new ModelOptions();
        var graphs = new GraphOptions();
        var output = new Option<string>("--output", "-o") { Description = "the file to write", HelpName = "FILE", Required = true };
        var engine = new Option<string>("--engine") { Description = $"who computes: {string.Join(", ", Lab.EngineNames)}", DefaultValueFactory = _ => "onnx" };
        engine.AcceptOnlyFromAmong([.. Lab.EngineNames]);
        var inputs = new Option<string>("--inputs") { Description = "take the inputs from this recorded run", HelpName = "FILE" };
        var outputsOnly = new Option<bool>("--outputs-only") { Description = "leave out what is inside modules: a fraction of the size" };
        var command = new Command("record", "Record the tensors of one engine's run: inputs, noise, every layer's output.") { output, engine, inputs, outputsOnly };
        model.AddTo(command);
        graphs.AddTo(command);
        command.SetAction(parsed => Guard.Run(cancellation =>
        {
            Destination.Require(parsed.GetValue(output)!);
            var name = parsed.GetValue(engine)!;
            var lab = new Lab(model.Model(parsed), name == "onnx" ? graphs.Read(parsed) : null, cancellation);
            var given = parsed.GetValue(inputs) is { } path ? RecordingFile.Read(path) : null;
            if (given is not null && given.Model.Hash != lab.Model.Identity.Hash)
                throw new RecordingException(parsed.GetValue(inputs)!, "weights", lab.Model.Identity.Hash, given.Model.Hash);
            var recording = lab.RunOne(name, given is null ? null : Plan.Of(given), model.Plan(parsed, lab.Model));
            if (parsed.GetValue(outputsOnly)) recording = recording.OutputsOnly();
            var file = parsed.GetValue(output)!;
            RecordingFile.Write(file, recording);
            Console.WriteLine($"{recording.Engine.Name} ({recording.Engine.Provider}) on {recording.Machine.Processor}: {recording.Outputs.Count} tensors, {new FileInfo(file).Length / 1e6:0.0} MB in {Path.GetFullPath(file)}");
            return ExitCode.Done;
        }));
        return command;
    }
}
