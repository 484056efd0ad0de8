// A recording as one safetensors file (docs/recorded-runs.md): metadata says who and where, tensors are named input/... and output/... . Tensors of
// one element type keep their order; the index in front of each name ("output/0012/...") keeps it across types and for other writers.

using System.Globalization;
using Ditar.Reference.Files;

namespace Ditar.Parity;

internal static class RecordingFile
{
    public const string Format = "ditar-recording/1";

    /// <summary>Elements of all tensors together: 4 GB of float64.</summary>
    public const long MostElements = 1L << 29;

    private const string InputPrefix = "input/";
    private const string OutputPrefix = "output/";

    /// <exception cref="IOException">The file cannot be written; an older one is untouched.</exception>
    public static void Write(string path, Recording recording)
    {
        var writer = new SafetensorsWriter();
        var (engine, machine, model) = (recording.Engine, recording.Machine, recording.Model);
        (string Key, string Value)[] metadata =
        [
            ("format", Format), ("engine", engine.Name), ("kind", engine.Kind.ToString()), ("provider", engine.Provider), ("versions", engine.Versions),
            ("layers", engine.Layers ? "true" : "false"), ("processor", machine.Processor), ("vectors", machine.Vectors),
            ("threads", machine.Threads.ToString(CultureInfo.InvariantCulture)), ("system", machine.System), ("runtime", machine.Runtime),
            ("model", model.Name), ("sizes", model.Sizes), ("weights", model.Hash), ("seed", recording.Seed.ToString(CultureInfo.InvariantCulture)),
            ("date", recording.Date.ToString("O", CultureInfo.InvariantCulture)),
        ];
        foreach (var (key, value) in metadata) writer.Metadata[key] = value;
        Add(InputPrefix, recording.Inputs);
        Add(OutputPrefix, recording.Outputs);
        writer.Save(path);

        void Add(string prefix, IReadOnlyList<RecordedTensor> tensors)
        {
            for (var i = 0; i < tensors.Count; i++)
            {
                var tensor = tensors[i];
                long[] shape = Array.ConvertAll(tensor.Shape, extent => (long)extent);
                var name = string.Create(CultureInfo.InvariantCulture, $"{prefix}{i:0000}/{tensor.Name}");
                switch (tensor.Values)
                {
                    case float[] singles:
                        writer.Add(name, shape, (ReadOnlyMemory<float>)singles);
                        break;
                    case double[] doubles:
                        writer.Add(name, shape, (ReadOnlyMemory<double>)doubles);
                        break;
                    default:
                        writer.Add(name, shape, (ReadOnlyMemory<long>)(long[])tensor.Values);
                        break;
                }
            }
        }
    }

    /// <exception cref="MalformedFileException">Not a recording, or a damaged one.</exception>
    public static Recording Read(string path)
    {
        using var file = SafetensorsFile.Open(path);
        var format = Text("format");
        if (format != Format) throw new RecordingException(path, "format", Format, MalformedFileException.Quote(format));
        var elements = file.Entries.Sum(entry => (decimal)entry.Count);
        if (elements > MostElements) throw new RecordingException(path, null, $"at most {MostElements} elements", $"{elements}");
        if (!Enum.TryParse<EngineKind>(Text("kind"), out var kind) || !Enum.IsDefined(kind))
            throw new RecordingException(path, "kind", string.Join(" or ", Enum.GetNames<EngineKind>()), MalformedFileException.Quote(Text("kind")));
        var engine = new EngineIdentity(Text("engine"), kind, Text("provider"), Text("versions"), Text("layers") == "true");
        var machine = new MachineIdentity(Text("processor"), Text("vectors"), (int)Number("threads", int.MaxValue), Text("system"), Text("runtime"));
        if (!DateTime.TryParse(Text("date"), CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var date))
            throw new RecordingException(path, "date", "a date in ISO 8601", MalformedFileException.Quote(Text("date")));
        var inputs = Tensors(InputPrefix);
        var outputs = Tensors(OutputPrefix);
        if (inputs.Count + outputs.Count != file.Entries.Count)
        {
            var stranger = file.Names.First(name => !name.StartsWith(InputPrefix, StringComparison.Ordinal) && !name.StartsWith(OutputPrefix, StringComparison.Ordinal));
            throw new RecordingException(path, MalformedFileException.Quote(stranger), $"names that begin with {InputPrefix} or {OutputPrefix}", "another one");
        }

        return new Recording(engine, machine, new ModelIdentity(Text("model"), Text("sizes"), Text("weights")), Number("seed", ulong.MaxValue), date, inputs, outputs);

        string Text(string key)
        {
            var value = file.Metadata.TryGetValue(key, out var found) ? found : throw new RecordingException(path, key, "the metadata key of a recorded run", "nothing");
            // It is shown in terminals, which obey some of them.
            return value.Any(char.IsControl) ? throw new RecordingException(path, key, "text without control characters", MalformedFileException.Quote(value)) : value;
        }

        ulong Number(string key, ulong most) => ulong.TryParse(Text(key), NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value <= most
            ? value
            : throw new RecordingException(path, key, "a whole number", MalformedFileException.Quote(Text(key)));

        List<RecordedTensor> Tensors(string prefix)
        {
            var found = new SortedDictionary<int, RecordedTensor>();
            var names = new HashSet<string>(StringComparer.Ordinal);
            foreach (var entry in file.Entries.Where(entry => entry.Name.StartsWith(prefix, StringComparison.Ordinal)))
            {
                var parts = entry.Name[prefix.Length..].Split('/', 2);
                if (parts.Length != 2 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var index))
                    throw new RecordingException(path, MalformedFileException.Quote(entry.Name), $"{prefix}number/scenario/call/name", "another form");
                if (!found.TryAdd(index, Tensor(file, entry, parts[1])) || !names.Add(parts[1]))
                    throw new RecordingException(path, MalformedFileException.Quote(entry.Name), "each number and each name once", "a second one");
            }

            return [.. found.Values];
        }
    }

    private static RecordedTensor Tensor(SafetensorsFile file, WeightEntry entry, string name)
    {
        if (entry.Count > int.MaxValue) throw new RecordingException(file.Path, MalformedFileException.Quote(entry.Name), "fewer than 2^31 elements", $"{entry.Count}");
        var shape = entry.Shape.Select(extent => (int)Math.Min(extent, int.MaxValue)).ToArray();
        switch (entry.Type)
        {
            case SafetensorsType.F64:
                var doubles = new double[entry.Count];
                file.ReadFloat64(entry.Name, doubles);
                return new RecordedTensor(name, shape, doubles);
            case SafetensorsType.F32 or SafetensorsType.F16 or SafetensorsType.BF16:
                var singles = new float[entry.Count];
                file.ReadFloat32(entry.Name, singles);
                return new RecordedTensor(name, shape, singles);
            case SafetensorsType.I64 or SafetensorsType.I32:
                var integers = new long[entry.Count];
                file.ReadInt64(entry.Name, integers);
                return new RecordedTensor(name, shape, integers);
            default:
                throw new RecordingException(file.Path, MalformedFileException.Quote(entry.Name), "F64, F32, F16, BF16, I64 or I32", entry.Type.HeaderName());
        }
    }
}
