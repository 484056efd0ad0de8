// A fault of ONNX Runtime's WebGPU provider (seen in 1.30; microsoft/onnxruntime issue 29651 looks like it): a convolution over more than one step whose input
// channels are a multiple of 3 but not of 4, and more than 3, with output channels that are a multiple of 4, comes out wrong by as much as it is large. Models of
// the paper's and of our own sizes have no such layer. One that has would speak noise, so it is refused; ProviderTests look whether the fault is still there.

using Ditar.Reference.Vae;
using Ditar.Reference.VoxCpm;

namespace Ditar.Onnx;

internal static class WebGpuFault
{
    /// <summary>The layer that would be computed wrongly, or null.</summary>
    public static string? Of(string graph, VaeConfig vae)
    {
        var (channels, where) = graph switch
        {
            GraphNames.VaeEncoder => (vae.Channels, "encoder"),
            GraphNames.VaeDecoder when vae.Decoder == VaeConfig.InverseStftKind => ([vae.LatentDim, vae.InverseStft.Width], "decoder"),
            GraphNames.VaeDecoder => ([vae.LatentDim, .. vae.BigVgan.Channels], "decoder"),
            _ => ((IReadOnlyList<int>)[], ""),
        };
        return Of(channels, where);
    }

    /// <inheritdoc cref="Of(string, VaeConfig)"/>
    public static string? Of(string graph, AudioVaeConfig vae) => graph switch
    {
        GraphNames.VaeEncoder => Of(Enumerable.Range(0, vae.EncoderRates.Count + 1).Select(vae.EncoderChannels), "encoder"),
        GraphNames.VaeDecoder => Of(Enumerable.Range(0, vae.DecoderRates.Count + 1).Select(vae.DecoderChannels).Append(vae.Depthwise ? 1 : vae.LatentDim), "decoder"),
        _ => null,
    };

    private static string? Of(IEnumerable<int> channels, string where) =>
        channels.Where(count => count > 3 && count % 3 == 0 && count % 4 != 0).Select(count => $"a convolution over {count} channels in the {where}").FirstOrDefault();
}
