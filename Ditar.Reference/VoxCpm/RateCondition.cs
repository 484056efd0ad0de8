// What version 2's decoder hears about the output rate before each block: a row of one or two tables, chosen by the rate's bucket and applied per channel.
// It changes the timbre only; the number of samples is the same for every rate. For one rate the row is a constant and can be folded into its neighbours.

using Ditar.Reference.Layers;
using Ditar.Reference.Tracing;
using Ditar.Reference.Vae;

namespace Ditar.Reference.VoxCpm;

public sealed class RateCondition
{
    private readonly string path;
    private readonly RateConditionKind kind;

    public RateCondition(ParameterScope scope, RateConditionConfig config, int channels)
    {
        path = scope.Path;
        kind = config.Kind;
        var rows = config.Buckets;
        if (kind == RateConditionKind.ScaleBias)
        {
            Scale = scope["scale_embed"].Take("weight", [rows, channels], Start.Ones);
            Bias = scope["bias_embed"].Take("weight", [rows, channels], Start.Zeros);
        }
        else
        {
            Table = scope["cond_embed"].Take("weight", [rows, kind == RateConditionKind.Concat ? config.Dim : channels], new Start.Normal(1));
        }

        if (!config.OutLayer) return;
        var width = channels + (kind == RateConditionKind.Concat ? config.Dim : 0);
        OutSnake = new AlphaSnake(scope["out_layer"][0], width);
        Out = new Convolution(scope["out_layer"][1], width, channels, 1, default);
    }

    /// <summary>[buckets, channels], or null.</summary>
    public Tensor? Scale { get; }

    /// <summary>[buckets, channels], or null.</summary>
    public Tensor? Bias { get; }

    /// <summary>[buckets, channels or cond_dim], or null.</summary>
    public Tensor? Table { get; }

    public AlphaSnake? OutSnake { get; }

    public Convolution? Out { get; }

    /// <param name="x">[batch, time, channels].</param>
    /// <param name="bucket">Of <see cref="RateConditionConfig.BucketOf"/>.</param>
    /// <returns>[batch, time, channels].</returns>
    public Tensor Forward(Tensor x, int bucket)
    {
        var here = Module.Enter(path);
        x = kind switch
        {
            RateConditionKind.ScaleBias => (x * Row(Scale!)) + Row(Bias!),
            RateConditionKind.Add => x + Row(Table!),
            _ => Tensor.Concat(2, x, Row(Table!) + Tensor.Zeros(x.Type, x[0], x[1], Table![1])), // [batch, time, channels + cond_dim]
        };
        return here.Output(Out is null ? x : Out.Forward(OutSnake!.Forward(x)));

        Tensor Row(Tensor table) => table.Slice(0, bucket, 1).Reshape(1, 1, table[1]);
    }
}
