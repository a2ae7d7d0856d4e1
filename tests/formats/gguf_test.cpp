#include "formats/gguf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "formats/file_text.h"
#include "quant/quant.h"
#include "support/data.h"

namespace frugal::formats {
namespace {

using ::testing::AllOf;
using testing::bytes_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::raw;
using ::testing::StartsWith;
using testing::text_of;

// What tools/golden/make_format_goldens.py wrote with Python's gguf.
std::filesystem::path python_file() { return testing::golden("formats/python.gguf"); }

TEST(Gguf, ReadsTheMetadataThatPythonWrote) {
  const MappedFile mapped(python_file());
  const GgufFile file = parse_gguf(mapped.bytes(), mapped.path());
  const GgufMetadata& metadata = file.metadata;
  EXPECT_EQ(file.version, 3U);
  EXPECT_EQ(metadata.get_string("general.architecture"), "test");
  EXPECT_EQ(metadata.get_u32("u8"), 200U);
  EXPECT_EQ(metadata.get_int("i8"), -100);
  EXPECT_EQ(metadata.get_u32("u16"), 60000U);
  EXPECT_EQ(metadata.get_int("i16"), -30000);
  EXPECT_EQ(metadata.get_u32("u32"), 4000000000U);
  EXPECT_EQ(metadata.get_int("i32"), -2000000000);
  EXPECT_EQ(metadata.get_int("i64"), INT64_MIN);
  EXPECT_EQ(metadata.get_float("f32"), 0.1F);
  EXPECT_EQ(metadata.get_float("f64"), 0.1);
  EXPECT_TRUE(metadata.get_bool("bool"));
  EXPECT_EQ(metadata.get_string("string"), "h\u00e9llo \u4e16\u754c");
  EXPECT_THAT(metadata.get_strings("strings"), ElementsAre("", "a", "\u2581the"));
  EXPECT_THAT(metadata.get_ints("ints"), ElementsAre(1, -2, 3));
  EXPECT_THAT(metadata.get_floats("floats"), ElementsAre(0.5F, -1.25F));
  EXPECT_THAT(metadata.get_bools("bools"), ElementsAre(true, false));
  EXPECT_TRUE(metadata.is_array("ints"));
  EXPECT_FALSE(metadata.is_array("i32"));
  EXPECT_EQ(metadata.find_int("absent"), std::nullopt);
  EXPECT_EQ(metadata.find_strings("absent"), nullptr);
}

TEST(Gguf, GettersNameFileKeyAndType) {
  const MappedFile mapped(python_file());
  const GgufMetadata metadata = parse_gguf(mapped.bytes(), "m.gguf").metadata;
  const auto message = [&](auto getter, const char* key) {
    return testing::message_of([&] { (metadata.*getter)(key); });
  };
  EXPECT_EQ(message(&GgufMetadata::get_u32, "absent"), "m.gguf: no key absent");
  EXPECT_EQ(message(&GgufMetadata::get_strings, "absent"), "m.gguf: no key absent");
  EXPECT_EQ(message(&GgufMetadata::get_u32, "i8"),
            "m.gguf: key i8 is -100, expected 0 to 4294967295");
  EXPECT_EQ(message(&GgufMetadata::get_int, "u64"),
            "m.gguf: key u64 is u64, expected an integer of at most 63 bits");
  EXPECT_EQ(message(&GgufMetadata::get_float, "u32"),
            "m.gguf: key u32 is u32, expected f32 or f64");
  EXPECT_EQ(message(&GgufMetadata::get_bool, "u8"), "m.gguf: key u8 is u8, expected a bool");
  EXPECT_EQ(message(&GgufMetadata::get_string, "strings"),
            "m.gguf: key strings is an array of 3 string, expected a string");
  EXPECT_EQ(message(&GgufMetadata::get_strings, "string"),
            "m.gguf: key string is string, expected an array of strings");
  EXPECT_EQ(
      message(&GgufMetadata::get_ints, "floats"),
      "m.gguf: key floats is an array of 2 f32, expected an array of integers of at most 63 bits");
  EXPECT_THAT(message(&GgufMetadata::find_ints, "i32"), HasSubstr("key i32 is i32"));
}

TEST(Gguf, ReadsTheTensorsThatPythonWrote) {
  const MappedFile mapped(python_file());
  const GgufFile file = parse_gguf(mapped.bytes(), mapped.path());
  ASSERT_EQ(file.tensors.size(), 4U);
  EXPECT_EQ(file.tensors[1].name, "matrix.half");
  EXPECT_EQ(file.tensors[1].dtype, DType::f16);
  EXPECT_THAT(file.tensors[3].shape, ElementsAre(2, 3, 4));
  std::array<float, 64> values{};
  for (std::size_t t = 0; t < 3; ++t) {
    EXPECT_THAT(file.tensors[t].shape, ElementsAre(2, 32));
    quant::dequantize(file.tensors[t].dtype, file.tensors[t].data, values);
    for (std::size_t i = 0; i < 64; ++i) EXPECT_NEAR(values[i], i / 8.0, 0.04) << t;
  }
}

TEST(Gguf, WritesTheBytesThatPythonWrote) {
  const MappedFile mapped(python_file());
  const GgufFile file = parse_gguf(mapped.bytes(), mapped.path());
  GgufMetadataBuilder metadata;
  metadata.set_string("general.architecture", "test");
  for (const char* key : {"u8", "i8", "u16", "i16"}) {
    metadata.set(key, file.metadata.values().at(key));
  }
  metadata.set_u32("u32", 4000000000U);
  metadata.set("i32", file.metadata.values().at("i32"));
  metadata.set("u64", file.metadata.values().at("u64"));
  metadata.set_int("i64", INT64_MIN);
  metadata.set_float("f32", 0.1F);
  metadata.set("f64", file.metadata.values().at("f64"));
  metadata.set_bool("bool", true);
  metadata.set_string("string", "h\u00e9llo \u4e16\u754c");
  metadata.set_strings("strings", std::array<std::string, 3>{"", "a", "\u2581the"});
  metadata.set_ints("ints", std::array{1, -2, 3});
  metadata.set_floats("floats", std::array{0.5F, -1.25F});
  metadata.set("bools", file.metadata.values().at("bools"));
  std::vector<TensorSource> sources;
  for (const StoredTensor& tensor : file.tensors) {
    sources.push_back({tensor.name, tensor.dtype, tensor.shape, [&] { return tensor.data; }});
  }
  const testing::TemporaryFolder folder;
  write_gguf(folder.path() / "ours.gguf", metadata, sources);
  EXPECT_EQ(text_of(folder.path() / "ours.gguf"), text_of(python_file()));
}

TEST(WriteGguf, RefusesWhatTheFormatCannotHold) {
  const testing::TemporaryFolder folder;
  const auto message = [&](std::vector<TensorSource> tensors) {
    return testing::message_of([&] { write_gguf(folder.path() / "new.gguf", {}, tensors); });
  };
  const auto source = [](DType dtype, std::vector<std::int64_t> shape) {
    return TensorSource{"w", dtype, std::move(shape), [] { return bytes_of("ab"); }};
  };
  EXPECT_THAT(message({source(DType::i8, {2}), source(DType::i8, {2})}), HasSubstr("is taken"));
  EXPECT_THAT(message({source(DType::f8_e4m3, {2})}), HasSubstr("GGUF has no F8_E4M3"));
  EXPECT_THAT(message({source(DType::i8, {1, 1, 1, 1, 2})}), HasSubstr("5 dimensions"));
  EXPECT_THAT(message({source(DType::q8_0, {2})}), HasSubstr("block of 32"));
  EXPECT_THAT(message({source(DType::i8, {3})}), HasSubstr("2 bytes instead of 3"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << "a failed write left something behind";
  GgufMetadataBuilder metadata;
  metadata.set_u32("a", 1);
  EXPECT_THROW(metadata.set_u32("a", 2), Error);
}

// Files made by hand, field by field.
std::string string(std::string_view text) {
  return raw<std::uint64_t>(text.size()) + std::string(text);
}

std::string header(std::uint64_t tensors, std::uint64_t keys, std::uint32_t version = 3) {
  return "GGUF" + raw(version) + raw(tensors) + raw(keys);
}

std::string tensor(std::string_view name, const std::vector<std::uint64_t>& dims,
                   std::uint32_t type, std::uint64_t offset) {
  std::string text = string(name) + raw<std::uint32_t>(static_cast<std::uint32_t>(dims.size()));
  for (const std::uint64_t dim : dims) text += raw(dim);
  return text + raw(type) + raw(offset);
}

// Pads to the alignment and adds `data` bytes.
std::string with_data(std::string file, std::size_t data) {
  file.resize((file.size() + 31) / 32 * 32);
  return file + std::string(data, 'x');
}

std::string message_for(const std::string& file) {
  return testing::message_of([&] { parse_gguf(bytes_of(file), "a.gguf"); });
}

constexpr std::uint32_t kF32 = 0;
constexpr std::uint32_t kU32 = 4;
constexpr std::uint32_t kString = 8;
constexpr std::uint32_t kArray = 9;

TEST(Gguf, AcceptsBothVersions) {
  for (const std::uint32_t version : {2U, 3U}) {
    EXPECT_EQ(message_for(header(0, 0, version)), "no error");
  }
  EXPECT_EQ(message_for(with_data(header(1, 0) + tensor("w", {6}, kF32, 0), 24)), "no error");
}

TEST(Gguf, RefusesBadHeaders) {
  EXPECT_EQ(message_for("GGML" + raw(3)), "a.gguf: not a GGUF file");
  EXPECT_THAT(message_for("GG"), HasSubstr("ends inside the magic number"));
  EXPECT_THAT(message_for(header(0, 0, 1)), HasSubstr("version 1, expected 2 or 3"));
  EXPECT_THAT(message_for(header(0, 0, 4)), HasSubstr("version 4"));
  EXPECT_THAT(message_for(header(0, 0, 0x03000000)), HasSubstr("big-endian"));
  EXPECT_THAT(message_for(header(0, UINT64_MAX)), HasSubstr("18446744073709551615 keys"));
  EXPECT_THAT(message_for(header(UINT64_MAX, 0)), HasSubstr("18446744073709551615 tensors"));
  EXPECT_THAT(message_for(header(0, 9)), HasSubstr("ends inside key 0 of 9"));
  EXPECT_THAT(message_for(header(9, 0)), HasSubstr("ends inside the name of tensor 0"));
}

TEST(Gguf, NamesTheKeyThatIsWrong) {
  const auto expect = [](const std::string& value, const char* reason) {
    EXPECT_THAT(message_for(header(0, 1) + string("k") + value),
                AllOf(StartsWith("a.gguf: "), HasSubstr("key k"), HasSubstr(reason)));
  };
  expect(raw<std::uint32_t>(13), "unknown type 13");
  expect(raw(kU32) + "12", "ends inside");
  expect(raw(kString) + raw(UINT64_MAX) + "abc", "ends inside");
  expect(raw(kArray) + raw<std::uint32_t>(99), "unknown type 99");
  expect(raw(kArray) + raw(kArray) + raw<std::uint64_t>(1), "array of arrays");
  expect(raw(kArray) + raw(kU32) + raw(UINT64_MAX), "claims 18446744073709551615 values");
  expect(raw(kArray) + raw(kU32) + raw<std::uint64_t>(1ULL << 62) + "abcd", "claims");
  expect(raw(kArray) + raw(kU32) + raw<std::uint64_t>(2) + "abcd", "ends inside");
  expect(raw(kArray) + raw(kString) + raw(UINT64_MAX), "claims 18446744073709551615 strings");
  expect(raw(kArray) + raw(kString) + raw<std::uint64_t>(2) + string("a"), "ends inside");
  const std::string pair = string("k") + raw(kU32) + raw<std::uint32_t>(7);
  EXPECT_EQ(message_for(header(0, 2) + pair + pair), "a.gguf: key k is there twice");
}

TEST(Gguf, RefusesBadAlignments) {
  const auto with_alignment = [](std::uint32_t alignment) {
    return header(0, 1) + string("general.alignment") + raw(kU32) + raw(alignment);
  };
  EXPECT_EQ(message_for(with_alignment(64)), "no error");
  EXPECT_EQ(message_for(with_alignment(1U << 31)), "no error");
  EXPECT_THAT(message_for(with_alignment(0)), HasSubstr("general.alignment is 0"));
  EXPECT_THAT(message_for(with_alignment(48)), HasSubstr("general.alignment is 48"));
}

TEST(Gguf, NamesTheTensorThatIsWrong) {
  const auto expect = [](const std::string& description, const char* reason) {
    EXPECT_THAT(message_for(with_data(header(1, 0) + description, 64)),
                AllOf(StartsWith("a.gguf: "), HasSubstr("tensor w"), HasSubstr(reason)));
  };
  expect(tensor("w", {1, 1, 1, 1, 1}, kF32, 0), "5 dimensions");
  expect(string("w") + raw(UINT32_MAX), "4294967295 dimensions");
  expect(tensor("w", {UINT64_MAX}, kF32, 0), "dimension of 18446744073709551615");
  expect(tensor("w", {1ULL << 62, 4}, kF32, 0), "too large");
  expect(tensor("w", {1ULL << 62}, kF32, 0), "too large");
  expect(tensor("w", {4}, 77, 0), "stored as type 77");
  expect(tensor("w", {256}, 16, 0), "stored as IQ2_XXS, which frugal does not read");
  expect(tensor("w", {16, 2}, 8, 0), "rows of 16 values are no multiple of Q8_0's block of 32");
  expect(tensor("w", {}, 8, 0), "rows of 1 values");
  expect(tensor("w", {4}, kF32, 16), "offset 16 is no multiple of the alignment 32");
  expect(tensor("w", {17}, kF32, 0), "68 bytes at offset 0 do not lie in the file");
  expect(tensor("w", {1}, kF32, 96), "do not lie in the file");
  expect(tensor("w", {1}, kF32, UINT64_MAX - 31), "do not lie in the file");
}

TEST(Gguf, RefusesTensorsInEachOthersPlace) {
  const auto two = [](std::string_view second, std::uint64_t offset) {
    return message_for(with_data(
        header(2, 0) + tensor("v", {16}, kF32, 0) + tensor(second, {8}, kF32, offset), 96));
  };
  EXPECT_EQ(two("w", 64), "no error");
  EXPECT_THAT(two("w", 32), HasSubstr("tensors v and w overlap"));
  EXPECT_THAT(two("v", 64), HasSubstr("tensor v is there twice"));
}

TEST(Gguf, RefusesFilesCutAnywhere) {
  const std::string file = text_of(python_file());
  // The last tensor ends at a multiple of 32, so no byte is padding that may be missing.
  for (std::size_t size = 0; size < file.size(); ++size) {
    EXPECT_NE(message_for(file.substr(0, size)), "no error") << size;
  }
  EXPECT_EQ(message_for(file), "no error");
}

}  // namespace
}  // namespace frugal::formats
