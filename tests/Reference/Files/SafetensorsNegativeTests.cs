// One test per way in which a safetensors file can be wrong; each message must name the file and the fault.
using System.Text;
using Ditar.Reference.Files;

namespace Ditar.Tests.Reference.Files;

public sealed class SafetensorsNegativeTests : IDisposable
{
    private const string Good = """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""";

    private readonly TemporaryFolder folder = new();

    [Fact]
    public void The_good_file_of_these_tests_is_good()
    {
        using var file = SafetensorsFile.Open(folder.File("x.safetensors", SafetensorsBytes.Make(Good, 12)));
        Assert.Equal(["a", "b"], file.Names);
    }

    [Fact]
    public void Missing_file() => Refused(folder.File("none.safetensors"), "no file of this name");

    [Fact]
    public void Missing_folder() => Refused(folder.File("none/none.safetensors"), "no file of this name");

    [Fact]
    public void Empty_file() => Refused([], "found 0 bytes");

    [Fact]
    public void Seven_bytes() => Refused(new byte[7], "found 7 bytes");

    [Fact]
    public void Empty_header() => Refused(SafetensorsBytes.Make("", 12), "found an empty header");

    [Fact]
    public void Header_longer_than_the_file() => Refused(SafetensorsBytes.Make(Good, 12, 100_000), "expected a header of 100000 bytes");

    [Fact]
    public void Header_longer_than_the_limit() => Refused(SafetensorsBytes.Make(Good, 12, 1 << 30), "found 1073741824 bytes");

    [Fact]
    public void Header_length_with_the_sign_bit() => Refused(SafetensorsBytes.Make(Good, 12, ulong.MaxValue), "found 18446744073709551615 bytes");

    [Fact]
    public void Header_begins_with_a_space() => Refused(" " + Good, 12, "byte 0x20");

    [Fact]
    public void Header_is_an_array() => Refused("[1]", 0, "byte 0x5b");

    [Fact]
    public void Header_cut_short() => Refused(Good[..^1], 12, "valid JSON");

    [Fact]
    public void Header_followed_by_more_json() => Refused(Good + "{}", 12, "valid JSON");

    [Fact]
    public void Header_nested_too_deep() => Refused("""{"a":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}}""", 4, "valid JSON");

    [Fact]
    public void Header_nested_ten_thousand_deep() => Refused("{\"a\":{\"shape\":" + new string('[', 10_000), 0, "valid JSON");

    [Fact]
    public void Header_with_a_comment() => Refused("{/* */}", 0, "valid JSON");

    [Fact]
    public void Header_with_invalid_utf8() =>
        Refused(SafetensorsBytes.Make([.. Encoding.UTF8.GetBytes("{\""), 0xFF, .. Encoding.UTF8.GetBytes("\":{}}")], 0), "valid JSON");

    [Fact]
    public void Name_with_half_a_surrogate_pair() => Refused("""{"\ud800":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}""", 4, "valid JSON");

    [Fact]
    public void Name_twice() =>
        Refused("""{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[],"data_offsets":[4,8]}}""", 8, "the name twice");

    [Fact]
    public void Name_twice_in_different_escapes() =>
        Refused("""{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"\u0061":{"dtype":"F32","shape":[],"data_offsets":[4,8]}}""", 8, "the name twice");

    [Fact]
    public void Tensor_that_is_a_number() => Refused("""{"a":1}""", 0, "tensor \"a\": expected an object");

    [Fact]
    public void Dtype_missing() => Refused("""{"a":{"shape":[1],"data_offsets":[0,4]}}""", 4, "no dtype");

    [Fact]
    public void Shape_missing() => Refused("""{"a":{"dtype":"F32","data_offsets":[0,4]}}""", 4, "no shape");

    [Fact]
    public void Offsets_missing() => Refused("""{"a":{"dtype":"F32","shape":[1]}}""", 4, "no data_offsets");

    [Fact]
    public void Dtype_unknown() => Refused("""{"a":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}}""", 4, "\"F8_E4M3\"");

    [Fact]
    public void Dtype_in_lower_case() => Refused("""{"a":{"dtype":"f32","shape":[1],"data_offsets":[0,4]}}""", 4, "\"f32\"");

    [Fact]
    public void Dtype_that_is_a_number() => Refused("""{"a":{"dtype":32,"shape":[1],"data_offsets":[0,4]}}""", 4, "a string as dtype");

    [Fact]
    public void Key_unknown() => Refused("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"strides":[1]}}""", 4, "the key \"strides\"");

    [Fact]
    public void Key_twice() => Refused("""{"a":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}""", 4, "the key \"shape\"");

    [Fact]
    public void Shape_negative() => Refused("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "whole numbers");

    [Fact]
    public void Shape_fractional() => Refused("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, "whole numbers");

    [Fact]
    public void Shape_with_a_string() => Refused("""{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}""", 4, "whole numbers");

    [Fact]
    public void Shape_that_is_a_number() => Refused("""{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}""", 4, "an array as shape");

    [Fact]
    public void Shape_beyond_64_bits() => Refused("""{"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,4]}}""", 4, "whole numbers");

    [Fact]
    public void Shape_whose_product_overflows() =>
        Refused("""{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}""", 4, "[4294967296, 4294967296]");

    [Fact]
    public void Shape_whose_bytes_overflow() =>
        Refused("""{"a":{"dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4]}}""", 4, "below 2^63");

    [Fact]
    public void Shape_of_nine_axes() => Refused("""{"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}}""", 1, "at most 8 numbers");

    [Fact]
    public void Size_differs_from_the_offsets() => Refused("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "expected 12 bytes for F32 [3]");

    [Fact]
    public void Offsets_reversed() => Refused("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8, "begin <= end");

    [Fact]
    public void One_offset() => Refused("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8]}}""", 8, "begin <= end");

    [Fact]
    public void Three_offsets() => Refused("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}""", 8, "at most 2 numbers");

    [Fact]
    public void Offsets_near_the_end_of_64_bits() =>
        Refused("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[9223372036854775806,9223372036854775807]}}""", 1, "inside the file");

    [Fact]
    public void Data_begins_late() => Refused("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "a gap");

    [Fact]
    public void Gap_between_tensors() =>
        Refused("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""", 12, "a gap");

    [Fact]
    public void Overlapping_tensors() =>
        Refused("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "tensor \"b\"", "an overlap");

    [Fact]
    public void Two_tensors_on_the_same_data() =>
        Refused("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "an overlap");

    [Fact]
    public void Data_cut_short() => Refused(Good, 11, "tensor \"b\"", "ends at byte 11");

    [Fact]
    public void Data_too_long() => Refused(Good, 13, "1 bytes belong to no tensor");

    [Fact]
    public void Metadata_with_a_number() => Refused("""{"__metadata__":{"k":1}}""", 0, "a string as metadata \"k\"");

    [Fact]
    public void Metadata_key_twice() => Refused("""{"__metadata__":{"k":"1","k":"2"}}""", 0, "\"k\" twice");

    [Fact]
    public void Metadata_twice() => Refused("""{"__metadata__":{},"__metadata__":{}}""", 0, "the name twice");

    [Fact]
    public void A_hostile_name_is_shortened_and_escaped_in_the_message()
    {
        var message = Refused($$"""{"a\u001b[31m{{new string('n', 5000)}}":1}""", 0, "\\u001b[31m");
        Assert.True(message.Length < 1000);
        Assert.DoesNotContain('\u001b', message);
    }

    [Fact]
    public void Tensor_that_is_not_there()
    {
        using var file = SafetensorsFile.Open(folder.File("x.safetensors", SafetensorsBytes.Make(Good, 12)));
        var fault = Assert.Throws<CheckpointException>(() => file["c"]);
        Assert.Equal("c", fault.Tensor);
    }

    [Fact]
    public void Shape_other_than_required()
    {
        using var file = SafetensorsFile.Open(folder.File("x.safetensors", SafetensorsBytes.Make(Good, 12)));
        Assert.Equal(2, file.Require("a", 2).Count);
        var fault = Assert.Throws<CheckpointException>(() => file.Require("a", 2, 1));
        Assert.Equal(("a", "shape [2, 1]", "[2]"), (fault.Tensor, fault.Expected, fault.Found));
        Assert.Contains("x.safetensors", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Integers_read_as_floats_and_floats_as_integers()
    {
        const string header = """{"i":{"dtype":"I32","shape":[2],"data_offsets":[0,8]},"f":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""";
        using var file = SafetensorsFile.Open(folder.File("x.safetensors", SafetensorsBytes.Make(header, 12)));
        Assert.Equal("I32", Assert.Throws<CheckpointException>(() => file.ReadFloat32("i", new float[2])).Found);
        Assert.Equal("I32", Assert.Throws<CheckpointException>(() => file.ReadFloat64("i", new double[2])).Found);
        Assert.Equal("F32", Assert.Throws<CheckpointException>(() => file.ReadInt64("f", new long[1])).Found);
    }

    [Fact]
    public void Destination_of_another_length_and_bytes_outside_of_the_tensor()
    {
        using var file = SafetensorsFile.Open(folder.File("x.safetensors", SafetensorsBytes.Make(Good, 12)));
        Assert.Throws<ArgumentException>(() => file.ReadFloat32("a", new float[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.ReadBytes("a", 1, new byte[8]));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.ReadBytes("a", -1, new byte[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.ReadBytes("a", long.MaxValue, new byte[1]));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Weights_that_are_not_finite(float poison)
    {
        var values = new float[5000];
        values[4321] = poison;
        var path = folder.File("nan.safetensors");
        var writer = new SafetensorsWriter();
        writer.Add("good", [5000], new float[5000]);
        writer.Add("w", [5000], values, SafetensorsType.BF16);
        writer.Save(path);
        using var file = SafetensorsFile.Open(path);
        file.CheckFinite("good");
        var fault = Assert.Throws<CheckpointException>(() => file.CheckFinite("w"));
        Assert.Contains("element 4321", fault.Found, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    private void Refused(string header, int dataBytes, params string[] parts) => Refused(SafetensorsBytes.Make(header, dataBytes), parts);

    private string Refused(string header, int dataBytes, string part) => Refused(SafetensorsBytes.Make(header, dataBytes), part);

    private string Refused(byte[] content, params string[] parts) => Refused(folder.File("bad.safetensors", content), parts);

    private static string Refused(string path, params string[] parts)
    {
        var fault = Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path).Dispose());
        Assert.StartsWith(path, fault.Message, StringComparison.Ordinal);
        Assert.All(parts, part => Assert.Contains(part, fault.Message, StringComparison.Ordinal));
        return fault.Message;
    }
}
