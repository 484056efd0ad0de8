// The sizes of a model as JSON: what recordings and exports are compared by.

using System.Text.Json;
using System.Text.Json.Serialization;
using Ditar.Reference.Speech;
using Ditar.Reference.Vae;
using Ditar.Reference.VoxCpm;

namespace Ditar.Parity;

internal sealed record ModelSizes(DitarConfig Model, VaeConfig Vae)
{
    public static string Json(DitarConfig model, VaeConfig vae) => JsonSerializer.Serialize(new ModelSizes(model, vae), SizesJson.Default.ModelSizes);

    public static string Json(VoxCpmConfig config) => JsonSerializer.Serialize(config, SizesJson.Default.VoxCpmConfig);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(ModelSizes))]
[JsonSerializable(typeof(VoxCpmConfig))]
internal sealed partial class SizesJson : JsonSerializerContext;
