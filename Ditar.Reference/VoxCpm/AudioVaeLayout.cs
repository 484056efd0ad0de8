// The tensors of an official audiovae file. Names are module paths; weights of convolutions are [outputs, inputs / groups, kernel].

namespace Ditar.Reference.VoxCpm;

public static class AudioVaeLayout
{
    private const int Wide = 7;

    public static IReadOnlyList<OfficialTensor> Of(AudioVaeConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var list = new List<OfficialTensor>();
        Encoder(list, config);
        Decoder(list, config);
        return list;
    }

    private static void Encoder(List<OfficialTensor> list, AudioVaeConfig config)
    {
        Convolution(list, "encoder.block.0", config.EncoderDim, 1, Wide);
        for (var i = 0; i < config.EncoderRates.Count; i++)
        {
            var (block, channels, kernel) = ($"encoder.block.{1 + i}.block", config.EncoderChannels(i), 2 * config.EncoderRates[i]);
            Units(list, block, 0, channels, config.Depthwise);
            Snake(list, $"{block}.3", channels);
            Convolution(list, $"{block}.4", 2 * channels, channels, kernel);
        }

        var last = config.EncoderChannels(config.EncoderRates.Count);
        Convolution(list, "encoder.fc_mu", config.LatentDim, last, 3);
        Convolution(list, "encoder.fc_logvar", config.LatentDim, last, 3, unused: true);
    }

    private static void Decoder(List<OfficialTensor> list, AudioVaeConfig config)
    {
        var (first, latent) = (config.FirstDecoderBlock, config.LatentDim);
        Convolution(list, "decoder.model.0", config.Depthwise ? latent : config.DecoderDim, config.Depthwise ? 1 : latent, Wide);
        if (config.Depthwise) Convolution(list, "decoder.model.1", config.DecoderDim, latent, 1);
        for (var i = 0; i < config.DecoderRates.Count; i++)
        {
            var (block, wide, narrow) = ($"decoder.model.{first + i}.block", config.DecoderChannels(i), config.DecoderChannels(i + 1));
            Snake(list, $"{block}.0", wide);
            list.Add(new($"{block}.1.weight", [wide, narrow, 2 * config.DecoderRates[i]], OfficialTensorKind.NormedTransposed));
            list.Add(new($"{block}.1.bias", [narrow]));
            if (config.NoiseBlock) list.Add(new($"{block}.2.linear.weight", [narrow, narrow, 1], OfficialTensorKind.Normed));
            Units(list, block, config.NoiseBlock ? 3 : 2, narrow, config.Depthwise);
            if (config.RateCondition is { } rates) Condition(list, $"decoder.sr_cond_model.{first + i}", rates, wide);
        }

        var (end, last) = (first + config.DecoderRates.Count, config.DecoderChannels(config.DecoderRates.Count));
        Snake(list, $"decoder.model.{end}", last);
        Convolution(list, $"decoder.model.{end + 1}", 1, last, Wide);
        if (config.RateCondition is { } condition)
            list.Add(new("decoder.sr_bin_boundaries", [condition.Boundaries.Count], OfficialTensorKind.Integer) { Unused = true });
    }

    private static void Condition(List<OfficialTensor> list, string path, RateConditionConfig config, int channels)
    {
        var concat = config.Kind == RateConditionKind.Concat;
        if (config.Kind == RateConditionKind.ScaleBias)
        {
            list.Add(new($"{path}.scale_embed.weight", [config.Buckets, channels]));
            list.Add(new($"{path}.bias_embed.weight", [config.Buckets, channels]));
        }
        else
        {
            list.Add(new($"{path}.cond_embed.weight", [config.Buckets, concat ? config.Dim : channels]));
        }

        if (!config.OutLayer) return;
        var width = channels + (concat ? config.Dim : 0);
        Snake(list, $"{path}.out_layer.0", width);
        Convolution(list, $"{path}.out_layer.1", channels, width, 1);
    }

    private static void Units(List<OfficialTensor> list, string block, int first, int channels, bool depthwise)
    {
        for (var i = 0; i < AudioResidualUnit.Dilations.Count; i++)
        {
            var unit = $"{block}.{first + i}.block";
            Snake(list, $"{unit}.0", channels);
            Convolution(list, $"{unit}.1", channels, depthwise ? 1 : channels, Wide);
            Snake(list, $"{unit}.2", channels);
            Convolution(list, $"{unit}.3", channels, channels, 1);
        }
    }

    private static void Snake(List<OfficialTensor> list, string path, int channels) => list.Add(new($"{path}.alpha", [1, channels, 1]));

    private static void Convolution(List<OfficialTensor> list, string path, int outputs, int inputs, int kernel, bool unused = false)
    {
        list.Add(new($"{path}.weight", [outputs, inputs, kernel], OfficialTensorKind.Normed) { Unused = unused });
        list.Add(new($"{path}.bias", [outputs]) { Unused = unused });
    }
}
