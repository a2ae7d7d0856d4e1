#include "formats/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <numeric>

#include "formats/file_text.h"
#include "quant/quant.h"
#include "support/data.h"

namespace frugal::formats {
namespace {

using ::testing::AllOf;
using testing::bytes_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using testing::raw;
using ::testing::StartsWith;
using testing::text_of;

// What tools/golden/make_format_goldens.py wrote with Python's safetensors.
std::filesystem::path python_file() { return testing::golden("formats/python.safetensors"); }

const StoredTensor& named(const SafetensorsFile& file, std::string_view name) {
  const auto found = std::ranges::find(file.tensors, name, &StoredTensor::name);
  require(found != file.tensors.end(), "no tensor {}", name);
  return *found;
}

TEST(Safetensors, ReadsWhatPythonWrote) {
  const MappedFile mapped(python_file());
  const SafetensorsFile file = parse_safetensors(mapped.bytes(), mapped.path());
  EXPECT_THAT(file.metadata, ElementsAre(Pair("format", "pt")));
  EXPECT_EQ(file.tensors.size(), 14U);
  for (const char* name : {"float32", "float16", "bfloat16", "float8_e4m3fn"}) {
    const StoredTensor& tensor = named(file, name);
    EXPECT_THAT(tensor.shape, ElementsAre(2, 3)) << name;
    std::array<float, 6> values{};
    quant::dequantize(tensor.dtype, tensor.data, values);
    EXPECT_THAT(values, ElementsAre(-3, -2, -1, 0, 1, 2)) << name;
  }
  const StoredTensor& integers = named(file, "int64");
  ASSERT_EQ(integers.data.size(), 48U);
  std::array<std::int64_t, 6> values{};
  std::memcpy(values.data(), integers.data.data(), 48);
  EXPECT_THAT(values, ElementsAre(-3, -2, -1, 0, 1, 2));
  EXPECT_EQ(named(file, "bool").dtype, DType::boolean);
  EXPECT_EQ(named(file, "uint8").dtype, DType::u8);
  EXPECT_TRUE(named(file, "scalar").shape.empty());
  EXPECT_EQ(named(file, "scalar").elements(), 1);
  EXPECT_THAT(named(file, "empty").shape, ElementsAre(0, 4));
  EXPECT_EQ(named(file, "odd \"name\" \\ \u0635\n").elements(), 1);
}

TEST(Safetensors, WritesTheBytesThatPythonWrote) {
  const MappedFile mapped(python_file());
  const SafetensorsFile file = parse_safetensors(mapped.bytes(), mapped.path());
  std::vector<TensorSource> sources;
  for (const StoredTensor& tensor : file.tensors) {
    sources.insert(sources.begin(),
                   {tensor.name, tensor.dtype, tensor.shape, [&] { return tensor.data; }});
  }
  const testing::TemporaryFolder folder;
  write_safetensors(folder.path() / "ours.safetensors", sources, file.metadata);
  EXPECT_EQ(text_of(folder.path() / "ours.safetensors"), text_of(python_file()));
}

// A file of this header and `data` bytes of data.
std::string file_of(std::string_view header, std::size_t data = 24) {
  return raw<std::uint64_t>(header.size()) + std::string(header) + std::string(data, 'x');
}

std::string message_for(const std::string& file) {
  return testing::message_of([&] { parse_safetensors(bytes_of(file), "a.safetensors"); });
}

// The message for a file with one tensor, w, of this entry.
std::string message_for_entry(std::string_view entry) {
  return message_for(file_of(fmt::format(R"({{"w":{}}})", entry)));
}

TEST(Safetensors, AcceptsTheSmallest) {
  EXPECT_EQ(message_for(file_of("{}", 0)), "no error");
  EXPECT_EQ(message_for_entry(R"({"dtype":"F32","shape":[2,3],"data_offsets":[0,24]})"),
            "no error");
  EXPECT_EQ(message_for(file_of(R"({"w":{"dtype":"U8","shape":[24],"data_offsets":[0,24]}}    )")),
            "no error");
}

TEST(Safetensors, NamesWhatIsWrongWithATensor) {
  const auto expect = [](std::string_view entry, const char* reason) {
    EXPECT_THAT(message_for_entry(entry),
                AllOf(StartsWith("a.safetensors: tensor w"), HasSubstr(reason)));
  };
  expect("7", "\"dtype\"");
  expect(R"({"shape":[6],"data_offsets":[0,24]})", "\"dtype\"");
  expect(R"({"dtype":"F7","shape":[6],"data_offsets":[0,24]})", "unknown dtype F7");
  expect(R"({"dtype":"Q4_0","shape":[32],"data_offsets":[0,18]})", "unknown dtype Q4_0");
  expect(R"({"dtype":"f32","shape":[6],"data_offsets":[0,24]})", "unknown dtype f32");
  expect(R"({"dtype":"F32","shape":6,"data_offsets":[0,24]})", "\"shape\"");
  expect(R"({"dtype":"F32","shape":[-6],"data_offsets":[0,24]})", "no count");
  expect(R"({"dtype":"F32","shape":[6.0],"data_offsets":[0,24]})", "no count");
  expect(R"({"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,24]})", "no count");
  expect(R"({"dtype":"F32","shape":[5],"data_offsets":[0,24]})",
         "24 bytes, but [5] of F32 takes 20");
  expect(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,24]})", "too large");
  expect(R"({"dtype":"F64","shape":[1152921504606846976,8],"data_offsets":[0,24]})", "too large");
  expect(R"({"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,24]})", "too large");
  expect(R"({"dtype":"F32","shape":[6]})", "\"data_offsets\"");
  expect(R"({"dtype":"F32","shape":[6],"data_offsets":[0]})", "1 \"data_offsets\"");
  expect(R"({"dtype":"F32","shape":[6],"data_offsets":[0,24,48]})", "3 \"data_offsets\"");
  expect(R"({"dtype":"F32","shape":[6],"data_offsets":[24,0]})", "do not lie in the file");
  expect(R"({"dtype":"F32","shape":[6],"data_offsets":[4,28]})", "do not lie in the file");
  expect(R"({"dtype":"F32","shape":[6],"data_offsets":[-24,0]})", "no count");
  expect(R"({"dtype":"F32","shape":[5],"data_offsets":[4,24]})", "bytes that belong to no tensor");
}

TEST(Safetensors, RefusesBytesOfTwoTensorsOrNone) {
  EXPECT_THAT(message_for(file_of(R"({"w":{"dtype":"F32","shape":[6],"data_offsets":[0,24]},)"
                                  R"("v":{"dtype":"F32","shape":[2],"data_offsets":[16,24]}})")),
              HasSubstr("tensor v overlaps"));
  EXPECT_THAT(message_for(file_of(R"({"w":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},)"
                                  R"("w":{"dtype":"F32","shape":[3],"data_offsets":[12,24]}})")),
              HasSubstr("tensor w is there twice"));
  EXPECT_THAT(message_for(file_of(R"({"w":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}})")),
              HasSubstr("12 bytes at the end belong to no tensor"));
}

TEST(Safetensors, RefusesBadHeaders) {
  EXPECT_THAT(message_for(""), HasSubstr("0 bytes are no safetensors file"));
  EXPECT_THAT(message_for(raw<std::uint64_t>(3) + "{}"), HasSubstr("header of 3 bytes"));
  EXPECT_THAT(message_for(raw<std::uint64_t>(UINT64_MAX) + "{}"), HasSubstr("does not fit"));
  EXPECT_THAT(message_for(file_of("")), HasSubstr("not valid JSON"));
  EXPECT_THAT(message_for(file_of("[]")), HasSubstr("not a JSON object"));
  EXPECT_THAT(message_for(file_of("{\"w\":")), HasSubstr("not valid JSON"));
  EXPECT_THAT(message_for(file_of("{\"\xff\":{}}")), HasSubstr("not valid JSON"));
  EXPECT_THAT(message_for(file_of(R"({"__metadata__":[]})")), HasSubstr("__metadata__"));
  EXPECT_THAT(message_for(file_of(R"({"__metadata__":{"a":1}})")), HasSubstr("__metadata__ a"));
  EXPECT_THAT(message_for(file_of(std::string(100000, '['))), HasSubstr("not valid JSON"));
  EXPECT_THAT(message_for(file_of("{\"" + std::string(100000, 'n') + "\":1}")),
              HasSubstr("nnn..."));
}

TEST(Safetensors, RefusesFilesCutAnywhere) {
  const std::string file = text_of(python_file());
  for (std::size_t size = 0; size < file.size(); ++size) {
    EXPECT_NE(message_for(file.substr(0, size)), "no error") << size;
  }
  EXPECT_EQ(message_for(file), "no error");
}

TEST(Safetensors, ReadsManyTensorsInOrder) {
  std::string header = "{";
  for (int i = 0; i < 100000; ++i) {
    header += fmt::format(R"({}"t{}":{{"dtype":"U8","shape":[1],"data_offsets":[{},{}]}})",
                          i == 0 ? "" : ",", i, 99999 - i, 100000 - i);
  }
  const std::string file = file_of(header + "}", 100000);
  const SafetensorsFile parsed = parse_safetensors(bytes_of(file), "many.safetensors");
  ASSERT_EQ(parsed.tensors.size(), 100000U);
  EXPECT_EQ(parsed.tensors.front().name, "t99999");
}

TensorSource source(std::string name, DType dtype, std::vector<std::int64_t> shape,
                    std::string_view data) {
  return {std::move(name), dtype, std::move(shape), [data] { return bytes_of(data); }};
}

TEST(WriteSafetensors, RefusesWhatTheFormatCannotHold) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path() / "new.safetensors";
  const auto message = [&](std::vector<TensorSource> tensors) {
    return testing::message_of([&] { write_safetensors(path, std::move(tensors)); });
  };
  EXPECT_THAT(message({source("w", DType::u8, {1}, "a"), source("w", DType::u8, {1}, "b")}),
              HasSubstr("tensor w: the name is taken"));
  EXPECT_THAT(message({source("__metadata__", DType::u8, {1}, "a")}), HasSubstr("is taken"));
  EXPECT_THAT(message({source("w", DType::q8_0, {32}, "a")}), HasSubstr("has no Q8_0"));
  EXPECT_THAT(message({source("w", DType::u8, {2}, "a")}), HasSubstr("1 bytes instead of 2"));
  EXPECT_THAT(message({source("\xff", DType::u8, {1}, "a")}), HasSubstr("\\xff is not UTF-8"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << "a failed write left something behind";
}

}  // namespace
}  // namespace frugal::formats
