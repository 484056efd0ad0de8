// A tensor's values in a weight file, checked before; the file stays open as long as somebody may read them.

using System.Runtime.InteropServices;

namespace Ditar.Reference.Files;

/// <param name="file">Kept open by whoever keeps this.</param>
/// <param name="name">A tensor of the file, of floating type or quantised.</param>
/// <param name="shape">As the layer wants it.</param>
internal sealed class FileValues(WeightFile file, string name, int[] shape) : StoredValues
{
    public override bool IsBFloat16 => file[name].Type == SafetensorsType.BF16;

    public override StoredIntegers Integers => file[name].Type switch
    {
        SafetensorsType.I8 => StoredIntegers.EightBits,
        SafetensorsType.U8 => StoredIntegers.FourBits,
        _ => StoredIntegers.None,
    };

    public override void Read(Span<float> values)
    {
        if (QuantisedMatrix.IsIn(file, name)) QuantisedMatrix.Read(file, name, shape, values);
        else file.ReadFloat32(name, values);
    }

    public override void Read(Span<double> values)
    {
        if (!QuantisedMatrix.IsIn(file, name))
        {
            file.ReadFloat64(name, values);
            return;
        }

        var rounded = new float[values.Length];
        QuantisedMatrix.Read(file, name, shape, rounded);
        for (var i = 0; i < values.Length; i++) values[i] = rounded[i];
    }

    public override void ReadBFloat16(Span<ushort> values)
    {
        if (!IsBFloat16) throw new InvalidOperationException($"{name} of {file.Path} is stored as {file[name].Type.HeaderName()}.");
        file.ReadBytes(name, 0, MemoryMarshal.AsBytes(values));
    }

    public override void ReadIntegers(Span<byte> integers, Span<float> scales)
    {
        if (Integers == StoredIntegers.None) base.ReadIntegers(integers, scales);
        else QuantisedMatrix.Read(file, name, shape, integers, scales);
    }
}
