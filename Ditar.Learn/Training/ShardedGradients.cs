// Data-parallel gradients: a batch is cut into a fixed number of shards, each shard runs forward and backward on one thread with a tape and an
// arena of its own, and the shard gradients are added in shard order. The number of shards is part of the recipe; the number of threads is not,
// and changes no bit.

using Ditar.Reference;
using Ditar.Reference.Kernels;

namespace Ditar.Learn;

/// <summary>Adds up named figures with weights; one per shard, joined in shard order.</summary>
public sealed class Figures
{
    private readonly SortedDictionary<string, (double Sum, double Weight)> sums = new(StringComparer.Ordinal);

    public void Add(string name, double value, double weight = 1)
    {
        var (sum, total) = sums.GetValueOrDefault(name);
        sums[name] = (sum + (value * weight), total + weight);
    }

    public void Add(Figures other)
    {
        foreach (var (name, (sum, weight)) in other.sums)
        {
            var (own, total) = sums.GetValueOrDefault(name);
            sums[name] = (own + sum, total + weight);
        }
    }

    /// <summary>Weighted means by name.</summary>
    public IEnumerable<(string Name, double Mean)> Means => sums.Select(s => (s.Key, s.Value.Sum / s.Value.Weight));
}

public sealed class ShardedGradients
{
    private readonly Tensor[] parameters;
    private readonly Arena[] arenas;
    private readonly float[][][] shardGradients;
    private readonly int threads;

    public ShardedGradients(IEnumerable<Tensor> parameters, int shards, int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(shards, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        this.parameters = [.. parameters];
        this.threads = threads;
        arenas = [.. Enumerable.Range(0, shards).Select(_ => new Arena())];
        shardGradients = [.. Enumerable.Range(0, shards).Select(_ => this.parameters.Select(p => new float[p.Count]).ToArray())];
    }

    public int Shards => arenas.Length;

    /// <summary>The gradient of the sum of the shard losses.</summary>
    /// <param name="loss">The loss of one shard: already divided so that the sum over shards is the loss of the batch; called on several threads.</param>
    /// <returns>One array per parameter, overwritten by the next call.</returns>
    public IReadOnlyList<float[]> Compute(Func<int, Figures, Tensor> loss, Figures figures)
    {
        var kernels = KernelSet.Current;
        var shardFigures = arenas.Select(_ => new Figures()).ToArray();
        Parallel.For(0, Shards, new ParallelOptions { MaxDegreeOfParallelism = threads }, shard =>
        {
            using var scope = KernelSet.Use(kernels);
            using var tape = new Tape(arenas[shard]);
            tape.Watch(parameters);
            var gradients = tape.Gradients(loss(shard, shardFigures[shard]), parameters);
            for (var i = 0; i < gradients.Count; i++) gradients[i].Values<float>().CopyTo(shardGradients[shard][i]);
        });
        foreach (var shard in shardFigures) figures.Add(shard);

        var total = shardGradients[0];
        Parallel.For(0, parameters.Length, new ParallelOptions { MaxDegreeOfParallelism = threads }, i =>
        {
            for (var shard = 1; shard < Shards; shard++)
                System.Numerics.Tensors.TensorPrimitives.Add(total[i], shardGradients[shard][i], total[i]);
        });
        return total;
    }
}
