// A protocol-buffers message that is written without being held in memory: fields in order, each a number, bytes, a message, or a payload that is
// produced while it is written. The wire format needs every message's length before it; that is why each field knows its size.

using Google.Protobuf;

namespace Ditar.Parity.OnnxFiles;

internal sealed class ProtoMessage
{
    private readonly List<Field> fields = [];

    /// <summary>Bytes of the message, its own tag and length not counted.</summary>
    public long Size { get; private set; }

    public ProtoMessage Add(int number, long value) =>
        Add(new Field(Tag(number, WireFormat.WireType.Varint), CodedOutputStream.ComputeInt64Size(value), output => output.WriteInt64(value), null));

    public ProtoMessage Add(int number, float value) =>
        Add(new Field(Tag(number, WireFormat.WireType.Fixed32), sizeof(float), output => output.WriteFloat(value), null));

    public ProtoMessage Add(int number, string value) => Add(number, ByteString.CopyFromUtf8(value));

    public ProtoMessage Add(int number, ByteString value) =>
        Add(new Field(Tag(number, WireFormat.WireType.LengthDelimited), CodedOutputStream.ComputeBytesSize(value), output => output.WriteBytes(value), null));

    public ProtoMessage Add(int number, ProtoMessage message) => Add(number, message.Size, message.WriteTo);

    /// <param name="write">Writes exactly <paramref name="length"/> bytes.</param>
    public ProtoMessage Add(int number, long length, Action<Stream> write) =>
        Add(new Field(Tag(number, WireFormat.WireType.LengthDelimited), CodedOutputStream.ComputeInt64Size(length) + length, output => output.WriteInt64(length), write));

    public void WriteTo(Stream stream)
    {
        foreach (var field in fields)
        {
            using (var output = new CodedOutputStream(stream, leaveOpen: true))
            {
                output.WriteUInt32(field.Tag);
                field.Head(output);
            }

            field.Payload?.Invoke(stream);
        }
    }

    private ProtoMessage Add(Field field)
    {
        fields.Add(field);
        Size += CodedOutputStream.ComputeUInt32Size(field.Tag) + field.Size;
        return this;
    }

    private static uint Tag(int number, WireFormat.WireType type) => WireFormat.MakeTag(number, type);

    private sealed record Field(uint Tag, long Size, Action<CodedOutputStream> Head, Action<Stream>? Payload);
}
