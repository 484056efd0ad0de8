// Our side of the product tables: layers of packed weights that are called one after the other, rows prepared anew for each.

using Ditar.Simd;

namespace Ditar.Bench;

/// <summary>A chain of products; each layer's rows are prepared from the last one's result.</summary>
internal sealed unsafe class SkinnyRun : IDisposable
{
    private readonly PackedMatrix[] matrices;
    private readonly NativeBuffer prepared;
    private readonly NativeBuffer[] values;
    private readonly int rows;
    private readonly WorkerPool? pool;

    /// <param name="x">[rows, inputs of the first].</param>
    public SkinnyRun(PackedMatrix[] matrices, float[] x, int rows, WorkerPool? pool)
    {
        (this.matrices, this.rows, this.pool) = (matrices, rows, pool);
        prepared = new NativeBuffer(matrices.Max(matrix => PreparedRows.BytesFor(rows, matrix.Inputs, matrix.Format)));
        values = [new NativeBuffer((nuint)x.Length * sizeof(float)), .. matrices.Select(matrix => new NativeBuffer((nuint)(rows * matrix.Outputs) * sizeof(float)))];
        x.CopyTo(new Span<float>(values[0].Floats, x.Length));
    }

    public long WeightBytes => matrices.Sum(matrix => matrix.Bytes);

    public void Run()
    {
        for (var i = 0; i < matrices.Length; i++)
        {
            var matrix = matrices[i];
            var x = PreparedRows.Make(rows, matrix.Inputs, values[i].Floats, matrix.Inputs, matrix.Format, prepared.Pointer, pool);
            matrix.Multiply(x, default, values[i + 1].Floats, matrix.Outputs, pool);
        }
    }

    public float[] Output() => new Span<float>(values[^1].Floats, rows * matrices[^1].Outputs).ToArray();

    public void Dispose()
    {
        prepared.Dispose();
        foreach (var each in values) each.Dispose();
        foreach (var matrix in matrices) matrix.Dispose();
    }
}
