// SPDX-License-Identifier: Apache-2.0
#include "columnar/arrow_rows.h"

#include <arrow/api.h>
#include <arrow/c/bridge.h>
#include <arrow/extension/json.h>
#include <arrow/extension/uuid.h>
#include <arrow/json/from_string.h>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <array>
#include <vector>

#include "columnar/arrow_batch.h"
#include "columnar/table_batch.h"

namespace outfall::columnar {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// One column made from JSON, as rows of ours.
ArrowRows rows_of(const std::shared_ptr<arrow::Array>& array) {
  const auto schema = arrow::schema({arrow::field("c", array->type())});
  auto fields = describe_fields(*schema);
  EXPECT_TRUE(fields) << fields.error().message;
  return ArrowRows(
      std::make_shared<ArrowRows::Batch>(*fields, arrow::RecordBatch::Make(schema, array->length(), {array})));
}

ArrowRows rows_of(const std::shared_ptr<arrow::DataType>& type, std::string_view json) {
  return rows_of(arrow::json::ArrayFromJSONString(type, json).ValueOrDie());
}

/// What the cells of a column are, as Arrow prints them.
std::string cells_of(const ArrowRows& rows) {
  const ColumnType& type = rows.fields()[0].type;
  ColumnBuilder cells(type);
  const ArrowRows::Taken taken = rows.append(0, 0, rows.rows(), cells);
  if (taken.fit == ArrowRows::Fit::not_all) return fmt::format("row {} does not fit", taken.row);
  if (taken.fit == ArrowRows::Fit::broken_text) return fmt::format("row {} is broken", taken.row);
  ArrowArray array;
  cells.release_into(&array);
  ArrowSchema schema;
  const std::vector<BatchColumn> column{{.name = "c", .type = type}};
  make_batch_schema(column, &schema);
  const auto imported_type = arrow::ImportSchema(&schema).ValueOrDie();
  const auto imported = arrow::ImportArray(&array, imported_type->field(0)->type()).ValueOrDie();
  EXPECT_TRUE(imported->ValidateFull().ok());
  std::string text = imported_type->field(0)->type()->ToString() + ":";
  for (std::int64_t i = 0; i < imported->length(); ++i) text += " " + imported->GetScalar(i).ValueOrDie()->ToString();
  return text;
}

std::string cells_of(const std::shared_ptr<arrow::DataType>& type, std::string_view json) {
  return cells_of(rows_of(type, json));
}

ColumnType type_of(const std::shared_ptr<arrow::DataType>& type) {
  auto fields = describe_fields(*arrow::schema({arrow::field("c", type)}));
  EXPECT_TRUE(fields) << fields.error().message;
  return (*fields)->at(0).type;
}

TEST(ArrowRows, NumbersKeepTheirValuesAndTheirWidth) {
  EXPECT_EQ(cells_of(arrow::int8(), "[-128, null, 127]"), "int64: -128 null 127");
  EXPECT_EQ(cells_of(arrow::uint32(), "[4294967295, 0]"), "int64: 4294967295 0");
  EXPECT_EQ(cells_of(arrow::int64(), "[-9223372036854775808]"), "int64: -9223372036854775808");
  EXPECT_EQ(cells_of(arrow::float32(), "[1.5, null]"), "double: 1.5 null");
  EXPECT_EQ(cells_of(arrow::float16(), "[0.5]"), "double: 0.5");
  EXPECT_EQ(cells_of(arrow::boolean(), "[true, null, false]"), "bool: true null false");
  EXPECT_EQ(cells_of(arrow::decimal128(10, 2), R"(["1.50", null, "-3.25"])"), "decimal128(10, 2): 1.50 null -3.25");
  EXPECT_EQ(cells_of(arrow::decimal32(5, 1), R"(["-12.3"])"), "decimal128(5, 1): -12.3");
  EXPECT_EQ(cells_of(arrow::decimal64(12, 1), R"(["12.3"])"), "decimal128(12, 1): 12.3");
  EXPECT_EQ(cells_of(arrow::decimal256(30, 1), R"(["12.3"])"), "decimal128(30, 1): 12.3");

  EXPECT_EQ(type_of(arrow::int8()).precision, 8);
  EXPECT_EQ(type_of(arrow::uint8()).precision, 16);
  EXPECT_EQ(type_of(arrow::int32()).precision, 32);
  EXPECT_EQ(type_of(arrow::uint32()).precision, std::nullopt);
}

TEST(ArrowRows, WhatNoTypeOfOursHoldsIsToldOrText) {
  EXPECT_EQ(cells_of(arrow::uint64(), "[1, 18446744073709551615]"), "row 1 does not fit");
  EXPECT_EQ(cells_of(arrow::time64(arrow::TimeUnit::NANO), "[1000, 1001]"), "row 1 does not fit");
  EXPECT_EQ(cells_of(arrow::timestamp(arrow::TimeUnit::SECOND), "[9223372036854775807]"), "row 0 does not fit");
  EXPECT_EQ(cells_of(arrow::decimal256(60, 1), R"(["12345678901234567890123456789012345678901234567890.1"])"),
            "string: 12345678901234567890123456789012345678901234567890.1");
}

TEST(ArrowRows, TextsAndBytesOfEveryKind) {
  for (const auto& type : {arrow::utf8(), arrow::large_utf8(), arrow::utf8_view()}) {
    EXPECT_EQ(cells_of(type, R"(["a", null, "", "ü longer than a view holds in itself"])"),
              "string: a null  ü longer than a view holds in itself");
  }
  for (const auto& type : {arrow::binary(), arrow::large_binary(), arrow::binary_view()}) {
    EXPECT_EQ(cells_of(type, R"(["a", null])"), "binary: a null") << type->ToString();
  }
  EXPECT_EQ(cells_of(arrow::fixed_size_binary(2), R"(["ab", null])"), "binary: ab null");
  EXPECT_EQ(type_of(arrow::fixed_size_binary(2)).precision, 2);
}

TEST(ArrowRows, TextThatIsNotUtf8IsFoundWhereItStands) {
  for (const auto& type : {arrow::binary(), arrow::large_binary(), arrow::binary_view()}) {
    const auto bytes = arrow::json::ArrayFromJSONString(type, R"(["fine", "x", "fine"])").ValueOrDie();
    // The same bytes seen as text, with one that begins no character.
    std::shared_ptr<arrow::Array> text;
    if (type->id() == arrow::Type::BINARY) {
      arrow::StringBuilder builder;
      for (const std::string_view each : {"fine", "\xff", "fine"}) EXPECT_TRUE(builder.Append(each).ok());
      text = builder.Finish().ValueOrDie();
    } else if (type->id() == arrow::Type::LARGE_BINARY) {
      arrow::LargeStringBuilder builder;
      for (const std::string_view each : {"fine", "\xff", "fine"}) EXPECT_TRUE(builder.Append(each).ok());
      text = builder.Finish().ValueOrDie();
    } else {
      arrow::StringViewBuilder builder;
      for (const std::string_view each : {"fine", "\xff", "fine"}) EXPECT_TRUE(builder.Append(each).ok());
      text = builder.Finish().ValueOrDie();
    }
    EXPECT_EQ(cells_of(rows_of(text)), "row 1 is broken") << type->ToString();
  }
  // Valid together, but a character stands in two of them.
  arrow::StringBuilder builder;
  for (const std::string_view each : {"\xc3", "\xbc"}) EXPECT_TRUE(builder.Append(each).ok());
  EXPECT_EQ(cells_of(rows_of(builder.Finish().ValueOrDie())), "row 0 is broken");
}

TEST(ArrowRows, PointsInTime) {
  EXPECT_EQ(cells_of(arrow::date32(), "[0, null, -1]"), "date32[day]: 1970-01-01 null 1969-12-31");
  EXPECT_EQ(cells_of(arrow::date64(), "[-86400000, 86400000]"), "date32[day]: 1969-12-31 1970-01-02");
  EXPECT_EQ(cells_of(arrow::timestamp(arrow::TimeUnit::MILLI, "Europe/Berlin"), "[1500]"),
            "timestamp[us, tz=UTC]: 1970-01-01 00:00:01.500000Z");
  EXPECT_EQ(cells_of(arrow::timestamp(arrow::TimeUnit::NANO), "[1]"), "timestamp[ns]: 1970-01-01 00:00:00.000000001");
  EXPECT_EQ(cells_of(arrow::time32(arrow::TimeUnit::SECOND), "[61]"), "time64[us]: 00:01:01.000000");
  EXPECT_EQ(type_of(arrow::timestamp(arrow::TimeUnit::SECOND)).precision, 0);
  EXPECT_EQ(type_of(arrow::timestamp(arrow::TimeUnit::MICRO)).precision, std::nullopt);
  EXPECT_FALSE(type_of(arrow::timestamp(arrow::TimeUnit::MICRO)).with_timezone);
}

TEST(ArrowRows, NestedValuesAreJson) {
  const auto inner = arrow::struct_({arrow::field("x", arrow::int64()), arrow::field("y", arrow::utf8())});
  EXPECT_EQ(cells_of(inner, R"([{"x": 1, "y": "q\""}, null, {"x": null, "y": "ü"}])"),
            R"(string: {"x":1,"y":"q\""} null {"x":null,"y":"ü"})");
  EXPECT_EQ(cells_of(arrow::list(arrow::list(arrow::float64())), "[[[1.5], []], null, [null]]"),
            "string: [[1.5],[]] null [null]");
  EXPECT_EQ(cells_of(arrow::map(arrow::utf8(), arrow::boolean()), R"([[["k", true]], []])"),
            R"(string: {"k":true} {})");
  EXPECT_EQ(cells_of(arrow::map(arrow::int32(), arrow::boolean()), "[[[1, true]]]"), "string: [[1,true]]");
  EXPECT_EQ(cells_of(arrow::fixed_size_list(arrow::decimal128(3, 1), 2), R"([["1.5", null]])"),
            R"(string: ["1.5",null])");
  EXPECT_EQ(cells_of(arrow::list(arrow::timestamp(arrow::TimeUnit::NANO)), "[[1, 1000000000]]"),
            R"(string: ["1970-01-01T00:00:00.000000001","1970-01-01T00:00:01"])");
  EXPECT_EQ(cells_of(arrow::list(arrow::uint64()), "[[18446744073709551615]]"), "string: [18446744073709551615]");
}

TEST(ArrowRows, DictionariesAndRunsAreTheirValues) {
  const auto dictionary = arrow::json::DictArrayFromJSONString(arrow::dictionary(arrow::int8(), arrow::utf8()),
                                                               "[0, 1, null, 0]", R"(["red", null])")
                              .ValueOrDie();
  EXPECT_EQ(cells_of(rows_of(dictionary)), "string: red null null red");
  const auto ends = arrow::json::ArrayFromJSONString(arrow::int32(), "[2, 3, 5]").ValueOrDie();
  const auto values = arrow::json::ArrayFromJSONString(arrow::int16(), "[7, null, 8]").ValueOrDie();
  const std::shared_ptr<arrow::Array> runs = arrow::RunEndEncodedArray::Make(5, ends, values).ValueOrDie();
  EXPECT_EQ(cells_of(rows_of(runs)), "int64: 7 7 null 8 8");
  EXPECT_EQ(cells_of(rows_of(runs->Slice(1, 3))), "int64: 7 null 8");
}

TEST(ArrowRows, ExtensionsThatAreKnown) {
  const auto bytes = arrow::json::ArrayFromJSONString(arrow::fixed_size_binary(16), R"(["0123456789abcdef", null])");
  const auto uuids = arrow::ExtensionType::WrapArray(arrow::extension::uuid(), bytes.ValueOrDie());
  EXPECT_EQ(cells_of(rows_of(uuids)), "string: 30313233-3435-3637-3839-616263646566 null");
}

TEST(ArrowRows, JsonInsideListsIsJsonOrText) {
  const auto texts = arrow::json::ArrayFromJSONString(arrow::utf8(), R"(["{\"a\":1}", "{bad", "1],[2", null])");
  const auto jsons = arrow::ExtensionType::WrapArray(arrow::extension::json(), texts.ValueOrDie());
  const auto offsets = arrow::json::ArrayFromJSONString(arrow::int32(), "[0, 2, 4]").ValueOrDie();
  EXPECT_EQ(cells_of(rows_of(arrow::ListArray::FromArrays(*offsets, *jsons).ValueOrDie())),
            R"(string: [{"a":1},"{bad"] ["1],[2",null])");
  EXPECT_EQ(cells_of(rows_of(jsons)), "row 1 does not fit");
}

TEST(ArrowRows, DecimalsBeyondTheirPrecisionDoNotFit) {
  // What Parquet stores has room for more digits than the type names.
  const auto decimals = [](const std::shared_ptr<arrow::DataType>& type, std::array<std::int64_t, 4> words) {
    return rows_of(arrow::MakeArray(arrow::ArrayData::Make(
        type, 2, {nullptr, arrow::Buffer::FromVector(std::vector(words.begin(), words.end()))})));
  };
  EXPECT_EQ(cells_of(decimals(arrow::decimal128(5, 2), {99'999, 0, 100'000, 0})), "row 1 does not fit");
  EXPECT_EQ(cells_of(decimals(arrow::decimal128(5, 2), {-99'999, -1, -100'000, -1})), "row 1 does not fit");
  EXPECT_EQ(cells_of(decimals(arrow::decimal128(38, 2), {0, 0, -1, INT64_MAX})), "row 1 does not fit");
}

TEST(ArrowRows, MomentsThatNoCalendarReachesDoNotFit) {
  for (const auto unit : {arrow::TimeUnit::MICRO, arrow::TimeUnit::NANO}) {
    EXPECT_EQ(cells_of(arrow::timestamp(unit), "[0, -9223372036854775808]"), "row 1 does not fit");
    EXPECT_EQ(cells_of(arrow::timestamp(unit), "[0, -9223372036854775806]"), "row 1 does not fit");
    // What databases write for the infinities.
    EXPECT_THAT(cells_of(arrow::timestamp(unit), "[9223372036854775807, -9223372036854775807]"),
                HasSubstr("timestamp"));
  }
}

TEST(ArrowRows, TypesThatNoColumnHoldsAreNamed) {
  for (const auto& type : {arrow::duration(arrow::TimeUnit::SECOND), arrow::month_interval(),
                           arrow::list(arrow::duration(arrow::TimeUnit::SECOND))}) {
    const auto fields = describe_fields(*arrow::schema({arrow::field("took", type)}));
    ASSERT_FALSE(fields);
    EXPECT_THAT(fields.error().message, HasSubstr("\"took\""));
    EXPECT_THAT(fields.error().message, HasSubstr(type->ToString()));
  }
  std::shared_ptr<arrow::DataType> deep = arrow::int8();
  for (int i = 0; i < limits::arrow_type_depth_max; ++i) deep = arrow::list(deep);
  EXPECT_FALSE(describe_fields(*arrow::schema({arrow::field("deep", deep)})));
}

TEST(ArrowRows, ValuesOneByOne) {
  std::string scratch;
  const ArrowRows big = rows_of(arrow::uint64(), "[18446744073709551615, null]");
  EXPECT_EQ(big.value(0, 0, scratch).kind, DataType::decimal);
  EXPECT_EQ(big.value(0, 0, scratch).text, "18446744073709551615");
  EXPECT_FALSE(big.is_null(0, 0));
  EXPECT_TRUE(big.is_null(0, 1));
  const ArrowRows nested = rows_of(arrow::list(arrow::int8()), "[[1]]");
  EXPECT_EQ(nested.value(0, 0, scratch).kind, DataType::json);
  EXPECT_EQ(nested.value(0, 0, scratch).text, "[1]");
  EXPECT_EQ(rows_of(arrow::binary(), R"(["abc"])").value(0, 0, scratch).text, "YWJj");
  EXPECT_EQ(rows_of(arrow::timestamp(arrow::TimeUnit::SECOND, "UTC"), "[0]").value(0, 0, scratch).text,
            "1970-01-01T00:00:00+00:00");
}

TEST(ArrowRows, ColumnsTakeWholeWhatTheyStoreAlike) {
  EXPECT_TRUE(stores_like({.type = DataType::bigint}, {.type = DataType::bigint, .precision = 32}));
  EXPECT_FALSE(stores_like({.type = DataType::bigint, .precision = 32}, {.type = DataType::bigint}));
  EXPECT_FALSE(stores_like({.type = DataType::decimal}, {.type = DataType::decimal, .precision = 5, .scale = 1}));
  EXPECT_TRUE(stores_like({.type = DataType::timestamp}, {.type = DataType::timestamp, .precision = 3}));
  EXPECT_FALSE(stores_like({.type = DataType::timestamp}, {.type = DataType::timestamp, .precision = 9}));
  EXPECT_FALSE(stores_like({.type = DataType::text}, {.type = DataType::json}));
}

TEST(ArrowRows, SomeAreLeftOut) {
  const ArrowRows rows = rows_of(arrow::utf8(), R"(["a", "b", null, "d", "e"])");
  const auto left = [&](std::vector<std::uint32_t> out) {
    const Result<ArrowRows> rest = rows.without(out);
    return rest ? cells_of(*rest) : rest.error().message;
  };
  EXPECT_EQ(left({0, 3}), "string: b null e");
  EXPECT_EQ(left({4}), "string: a b null d");
  EXPECT_EQ(left({0, 1, 2, 3, 4}), "string:");
  EXPECT_EQ(rows.without(std::array<std::uint32_t, 2>{1, 2})->rows(), 3U);
}

}  // namespace
}  // namespace outfall::columnar
