// Everything a run needs to go on exactly where it stopped: weights, optimiser moments, averages and the step number, in one safetensors file that
// replaces the last one atomically. All draws are functions of (seed, step), so there is no generator state to keep.

using System.Globalization;
using Ditar.Reference.Files;

namespace Ditar.Learn;

public static class TrainingState
{
    public const string FileName = "state.safetensors";
    private const string StepKey = "step";
    private const string TaskKey = "task";

    /// <param name="task">What the run trains; a state of another task or another size is refused when read.</param>
    public static void Save(string folder, string task, AdamW optimiser, int step)
    {
        var writer = new SafetensorsWriter();
        writer.Metadata[StepKey] = step.ToString(CultureInfo.InvariantCulture);
        writer.Metadata[TaskKey] = task;
        for (var i = 0; i < optimiser.Parameters.Count; i++)
        {
            var (name, tensor) = optimiser.Parameters[i];
            long[] shape = [.. tensor.Shape.ToArray().Select(e => (long)e)];
            writer.Add($"weight/{name}", shape, tensor.ToSingles());
            writer.Add($"first/{name}", shape, optimiser.First[i]);
            writer.Add($"second/{name}", shape, optimiser.Second[i]);
            writer.Add($"average/{name}", shape, optimiser.Averages[i]);
        }

        Directory.CreateDirectory(folder);
        writer.Save(Path.Combine(folder, FileName));
    }

    /// <summary>Loads a state if the folder has one.</summary>
    /// <returns>The number of steps done; 0 when there is no state.</returns>
    /// <exception cref="MalformedFileException">The file is damaged, or belongs to another task or size.</exception>
    public static int Load(string folder, string task, AdamW optimiser)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) return 0;
        using var file = SafetensorsFile.Open(path);
        var found = file.Metadata.GetValueOrDefault(TaskKey, "nothing");
        if (found != task) throw new CheckpointException(path, null, $"a training state of {task}", $"one of {found}");
        if (!int.TryParse(file.Metadata.GetValueOrDefault(StepKey), NumberStyles.None, CultureInfo.InvariantCulture, out var step))
            throw new CheckpointException(path, null, "a step number", "none");
        for (var i = 0; i < optimiser.Parameters.Count; i++)
        {
            var (name, tensor) = optimiser.Parameters[i];
            long[] shape = [.. tensor.Shape.ToArray().Select(e => (long)e)];
            Read($"weight/{name}", tensor.Values<float>());
            Read($"first/{name}", optimiser.First[i]);
            Read($"second/{name}", optimiser.Second[i]);
            Read($"average/{name}", optimiser.Averages[i]);

            void Read(string key, Span<float> values)
            {
                file.Require(key, shape);
                file.ReadFloat32(key, values);
            }
        }

        return step;
    }
}
