// SPDX-License-Identifier: Apache-2.0
//
// Rows at the ends of what their types hold, in each way in which they are read: by name and by position, as JSON,
// marked as dlt marks it, as separated text and as a record batch.
#include "columnar/rows_reader.h"

#include <arrow/api.h>
#include <arrow/c/bridge.h>
#include <arrow/json/from_string.h>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "columnar/job_file_for_tests.h"
#include "schema/naming.h"

namespace outfall::columnar {
namespace {

using testing::ElementsAre;

constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

std::shared_ptr<arrow::Array> array_of(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  const auto made = arrow::json::ArrayFromJSONString(type, json);
  EXPECT_TRUE(made.ok()) << made.status().ToString();
  return *made;
}

/// A job file with one column, and all that its rows are.
class OneColumn {
 public:
  OneColumn(IpcFileReader file, DataType type)
      : file_(std::move(file)),
        columns_{{.name = "c", .type = type}},
        texts_(RowTexts::open(file_, columns_, {}).value()),
        reader_(RowsReader::open(file_, columns_)) {}

  const Rows& rows() {
    const auto selected = reader_.select(0, file_.size().rows, texts_);
    EXPECT_TRUE(selected) << selected.error().message;
    return **selected;
  }

  std::vector<Value> values() {
    std::vector<Value> found;
    for (const Row row : rows()) {
      found.push_back(row["c"]);
      const Value by_place = row[0];
      const auto* real = std::get_if<double>(&by_place);
      EXPECT_TRUE(by_place == found.back() || (real != nullptr && std::isnan(*real)));
    }
    return found;
  }

  std::string json() { return text(RowTextForm::plain); }
  std::string typed_json() { return text(RowTextForm::typed); }
  std::string separated() {
    std::string out;
    EXPECT_TRUE(texts_.append_separated(0, file_.size().rows, false, out));
    return out;
  }

  /// As Arrow prints it, which shows that the batch that is given away has the same values.
  std::string record_batch() {
    ArrowArray array{};
    ArrowSchema schema{};
    const Status taken = rows().record_batch(&array, &schema);
    EXPECT_TRUE(taken) << taken.error().message;
    const auto batch = arrow::ImportRecordBatch(&array, &schema).ValueOrDie();
    EXPECT_TRUE(batch->ValidateFull().ok());
    std::string out = batch->column(0)->type()->ToString() + ":";
    for (std::int64_t row = 0; row < batch->num_rows(); ++row)
      out += " " + batch->column(0)->GetScalar(row).ValueOrDie()->ToString();
    return out;
  }

 private:
  std::string text(RowTextForm form) {
    std::string out;
    EXPECT_TRUE(texts_.append(0, file_.size().rows, out, form));
    EXPECT_EQ(form == RowTextForm::plain ? rows().json() : rows().typed_json(), out);
    return out;
  }

  IpcFileReader file_;
  std::vector<RowTextColumn> columns_;
  RowTexts texts_;
  RowsReader reader_;
};

class RowsReaderTest : public for_tests::JobFile {
 protected:
  OneColumn column(DataType type, const std::shared_ptr<arrow::Array>& array) {
    return {file(arrow::schema({arrow::field("c", array->type())}), {array}), type};
  }
  OneColumn column(DataType type, const std::shared_ptr<arrow::DataType>& stored, const std::string& json) {
    return column(type, array_of(stored, json));
  }
};

TEST_F(RowsReaderTest, IntegersOf64Bits) {
  OneColumn held = column(DataType::bigint, arrow::int64(), "[-9223372036854775808, null, 0, 9223372036854775807]");
  EXPECT_THAT(held.values(), ElementsAre(Value(least), Value(Null{}), Value(std::int64_t{0}), Value(most)));
  EXPECT_EQ(held.json(), "{\"c\":-9223372036854775808}\n{}\n{\"c\":0}\n{\"c\":9223372036854775807}\n");
  EXPECT_EQ(held.typed_json(), held.json());
  EXPECT_EQ(held.separated(), "-9223372036854775808\n\n0\n9223372036854775807\n");
  EXPECT_EQ(held.record_batch(), "int64: -9223372036854775808 null 0 9223372036854775807");
}

TEST_F(RowsReaderTest, DoublesReadBackAndWhatIsNoNumberIsNull) {
  arrow::DoubleBuilder doubles;
  const double infinity = std::numeric_limits<double>::infinity();
  ASSERT_TRUE(doubles.AppendValues({0.1, -0.0, 5e-324, 1.7976931348623157e308, 1e21, 3.0, infinity, -infinity}).ok());
  ASSERT_TRUE(doubles.Append(std::nan("")).ok());
  ASSERT_TRUE(doubles.AppendNull().ok());
  OneColumn held = column(DataType::double_, *doubles.Finish());
  const std::vector<Value> values = held.values();
  EXPECT_EQ(values[2], Value(5e-324));
  EXPECT_EQ(values[6], Value(infinity));
  EXPECT_TRUE(std::isnan(std::get<double>(values[8])));
  EXPECT_EQ(values[9], Value(Null{}));
  EXPECT_EQ(held.json(),
            "{\"c\":0.1}\n{\"c\":-0.0}\n{\"c\":5e-324}\n{\"c\":1.7976931348623157e+308}\n{\"c\":1e+21}\n{\"c\":3.0}\n"
            "{\"c\":null}\n{\"c\":null}\n{\"c\":null}\n{}\n");
  EXPECT_EQ(held.typed_json(), held.json());
  EXPECT_EQ(held.separated(), "0.1\n-0.0\n5e-324\n1.7976931348623157e+308\n1e+21\n3.0\ninf\n-inf\nnan\n\n");
}

TEST_F(RowsReaderTest, Bools) {
  OneColumn held = column(DataType::bool_, arrow::boolean(), "[true, null, false]");
  EXPECT_THAT(held.values(), ElementsAre(Value(true), Value(Null{}), Value(false)));
  EXPECT_EQ(held.json(), "{\"c\":true}\n{}\n{\"c\":false}\n");
  EXPECT_EQ(held.separated(), "true\n\nfalse\n");
  EXPECT_EQ(held.record_batch(), "bool: true null false");
}

TEST_F(RowsReaderTest, TextsOfAnyContent) {
  using namespace std::string_literals;
  arrow::StringBuilder texts;
  const std::string odd = "\"q\\\n\r\t\u0001\u2028🦆"s + '\0' + ",";
  for (const std::string& text : {""s, odd, std::string(3'000'000, 'x'), " blanks "s})
    ASSERT_TRUE(texts.Append(text).ok());
  ASSERT_TRUE(texts.AppendNull().ok());
  OneColumn held = column(DataType::text, *texts.Finish());
  const std::vector<Value> values = held.values();
  EXPECT_EQ(values[0], Value(std::string_view()));
  EXPECT_EQ(values[1], Value(std::string_view(odd)));
  EXPECT_EQ(std::get<std::string_view>(values[2]).size(), 3'000'000U);
  EXPECT_EQ(values[4], Value(Null{}));
  const std::string json = held.json();
  EXPECT_TRUE(json.starts_with("{\"c\":\"\"}\n{\"c\":\"\\\"q\\\\\\n\\r\\t\\u0001\u2028🦆\\u0000,\"}\n"))
      << json.substr(0, 100);
  EXPECT_TRUE(json.ends_with("{\"c\":\" blanks \"}\n{}\n"));
  EXPECT_EQ(std::ranges::count(json, '\n'), 5) << "a row is a line";
  const std::string separated = held.separated();
  EXPECT_TRUE(separated.starts_with("\"\"\n\"\"\"q\\\n\r\t")) << separated.substr(0, 50);
  EXPECT_TRUE(separated.ends_with("\" blanks \"\n\n"));
}

TEST_F(RowsReaderTest, BytesAreBase64InText) {
  using namespace std::string_literals;
  arrow::BinaryBuilder bytes;
  for (const std::string& each : {""s, "\0\xff\n"s}) ASSERT_TRUE(bytes.Append(each).ok());
  ASSERT_TRUE(bytes.AppendNull().ok());
  OneColumn held = column(DataType::binary, *bytes.Finish());
  const std::string second = "\0\xff\n"s;
  EXPECT_THAT(held.values(), ElementsAre(Value(Binary{}), Value(Binary{second}), Value(Null{})));
  EXPECT_EQ(held.json(), "{\"c\":\"\"}\n{\"c\":\"AP8K\"}\n{}\n");
  EXPECT_EQ(held.typed_json(), "{\"c\":\"\uf02b\"}\n{\"c\":\"\uf02bAP8K\"}\n{}\n");
  EXPECT_EQ(held.separated(), "\"\"\nAP8K\n\n");
}

TEST_F(RowsReaderTest, DecimalsOf38Digits) {
  OneColumn held = column(DataType::decimal, arrow::decimal128(38, 9),
                          R"(["99999999999999999999999999999.999999999", "-0.000000001", null, "0.000000000"])");
  const std::vector<Value> values = held.values();
  EXPECT_EQ(std::get<Decimal>(values[0]).text(), "99999999999999999999999999999.999999999");
  EXPECT_EQ(std::get<Decimal>(values[1]).text(), "-0.000000001");
  EXPECT_EQ(std::get<Decimal>(values[1]).unscaled[3], ~std::uint64_t{0});
  EXPECT_EQ(values[2], Value(Null{}));
  EXPECT_EQ(held.json(),
            "{\"c\":\"99999999999999999999999999999.999999999\"}\n{\"c\":\"-0.000000001\"}\n{}\n"
            "{\"c\":\"0.000000000\"}\n");
  EXPECT_TRUE(held.typed_json().starts_with("{\"c\":\"\uf02699999999999999999999999999999.999999999\"}\n"));
  EXPECT_EQ(held.separated(), "99999999999999999999999999999.999999999\n-0.000000001\n\n0.000000000\n");
}

TEST_F(RowsReaderTest, WeiOf38Digits) {
  OneColumn held = column(DataType::wei, arrow::decimal128(38, 0),
                          R"(["-99999999999999999999999999999999999999", "99999999999999999999999999999999999999"])");
  EXPECT_EQ(std::get<Decimal>(held.values()[0]).text(), "-99999999999999999999999999999999999999");
  EXPECT_EQ(held.typed_json(),
            "{\"c\":\"\uf02c-99999999999999999999999999999999999999\"}\n"
            "{\"c\":\"\uf02c99999999999999999999999999999999999999\"}\n");
}

TEST_F(RowsReaderTest, DaysOfTheWholeCalendar) {
  arrow::Date32Builder days;
  ASSERT_TRUE(days.AppendValues({-719162, -1, 0, 2932896}).ok());
  ASSERT_TRUE(
      days.AppendValues({std::numeric_limits<std::int32_t>::max(), -std::numeric_limits<std::int32_t>::max()}).ok());
  OneColumn held = column(DataType::date, *days.Finish());
  EXPECT_EQ(held.values()[0], Value(Date(std::chrono::year(1) / 1 / 1)));
  EXPECT_EQ(held.values()[3], Value(Date(std::chrono::year(9999) / 12 / 31)));
  EXPECT_EQ(held.json(),
            "{\"c\":\"0001-01-01\"}\n{\"c\":\"1969-12-31\"}\n{\"c\":\"1970-01-01\"}\n{\"c\":\"9999-12-31\"}\n"
            "{\"c\":\"infinity\"}\n{\"c\":\"-infinity\"}\n");
  EXPECT_EQ(held.separated(), "0001-01-01\n1969-12-31\n1970-01-01\n9999-12-31\ninfinity\n-infinity\n");
}

TEST_F(RowsReaderTest, TimesOfADay) {
  OneColumn held = column(DataType::time, arrow::time64(arrow::TimeUnit::MICRO), "[0, 86399999999, null, 1500000]");
  EXPECT_EQ(held.values()[1], Value(TimeOfDay{std::chrono::microseconds(86'399'999'999)}));
  EXPECT_EQ(held.json(), "{\"c\":\"00:00:00\"}\n{\"c\":\"23:59:59.999999\"}\n{}\n{\"c\":\"00:00:01.500000\"}\n");
  EXPECT_TRUE(held.typed_json().starts_with("{\"c\":\"\uf02d00:00:00\"}\n"));
}

TEST_F(RowsReaderTest, MomentsOfTheWholeCalendarAndBeyond) {
  arrow::TimestampBuilder moments(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), arrow::default_memory_pool());
  ASSERT_TRUE(moments.AppendValues({-62'135'596'800'000'000, -1, 253'402'300'799'999'999, most, -most}).ok());
  ASSERT_TRUE(moments.AppendNull().ok());
  OneColumn held = column(DataType::timestamp, *moments.Finish());
  EXPECT_EQ(std::get<Timestamp>(held.values()[1]),
            (Timestamp{.at = std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(-1))}));
  EXPECT_EQ(held.json(),
            "{\"c\":\"0001-01-01T00:00:00Z\"}\n{\"c\":\"1969-12-31T23:59:59.999999Z\"}\n"
            "{\"c\":\"9999-12-31T23:59:59.999999Z\"}\n{\"c\":\"infinity\"}\n{\"c\":\"-infinity\"}\n{}\n");
  EXPECT_TRUE(held.typed_json().starts_with("{\"c\":\"\uf0270001-01-01T00:00:00+00:00\"}\n"));
  EXPECT_TRUE(held.separated().starts_with("0001-01-01T00:00:00Z\n1969-12-31T23:59:59.999999Z\n"));
}

TEST_F(RowsReaderTest, MomentsWithoutAZoneAndOfNanoseconds) {
  OneColumn naive = column(DataType::timestamp, arrow::timestamp(arrow::TimeUnit::MICRO), "[1500000]");
  EXPECT_FALSE(std::get<Timestamp>(naive.values()[0]).has_zone);
  EXPECT_EQ(naive.json(), "{\"c\":\"1970-01-01T00:00:01.500000\"}\n");
  EXPECT_EQ(naive.typed_json(), "{\"c\":\"\uf0271970-01-01T00:00:01.500000\"}\n");
  arrow::TimestampBuilder moments(arrow::timestamp(arrow::TimeUnit::NANO, "UTC"), arrow::default_memory_pool());
  ASSERT_TRUE(moments.AppendValues({-1, 1, 1'000, most}).ok());
  OneColumn fine = column(DataType::timestamp, *moments.Finish());
  const auto before = std::get<Timestamp>(fine.values()[0]);
  EXPECT_EQ(before.at.time_since_epoch(), std::chrono::microseconds(-1));
  EXPECT_EQ(before.nanoseconds, 999);
  EXPECT_EQ(fine.json(),
            "{\"c\":\"1969-12-31T23:59:59.999999999Z\"}\n{\"c\":\"1970-01-01T00:00:00.000000001Z\"}\n"
            "{\"c\":\"1970-01-01T00:00:00.000001Z\"}\n{\"c\":\"infinity\"}\n");
}

TEST_F(RowsReaderTest, DocumentsInColumnsAreOneLine) {
  arrow::StringBuilder texts;
  for (const char* text : {"{}", "[1,2.50,{\"a\":null}]", "null", "{\n  \"a\": 1\n}"})
    ASSERT_TRUE(texts.Append(text).ok());
  ASSERT_TRUE(texts.AppendNull().ok());
  OneColumn held = column(DataType::json, *texts.Finish());
  EXPECT_EQ(held.values()[1], Value(JsonText{"[1,2.50,{\"a\":null}]"}));
  EXPECT_EQ(held.values()[4], Value(Null{}));
  const std::string json = held.json();
  EXPECT_TRUE(json.starts_with("{\"c\":{}}\n{\"c\":[1,2.50,{\"a\":null}]}\n{\"c\":null}\n")) << json;
  EXPECT_EQ(std::ranges::count(json, '\n'), 5) << json;
}

TEST_F(RowsReaderTest, DictionariesAndRunsAreTheirValues) {
  OneColumn words =
      column(DataType::text, arrow::json::DictArrayFromJSONString(arrow::dictionary(arrow::int8(), arrow::utf8()),
                                                                  "[1, null, 0, 1]", R"(["red", "blue"])")
                                 .ValueOrDie());
  EXPECT_THAT(words.values(), ElementsAre(Value(std::string_view("blue")), Value(Null{}),
                                          Value(std::string_view("red")), Value(std::string_view("blue"))));
  EXPECT_EQ(words.json(), "{\"c\":\"blue\"}\n{}\n{\"c\":\"red\"}\n{\"c\":\"blue\"}\n");
  EXPECT_EQ(words.record_batch(), "string: blue null red blue");
  const auto ends = array_of(arrow::int32(), "[2, 3, 5]");
  const auto values = array_of(arrow::int64(), "[7, null, 8]");
  OneColumn runs = column(DataType::bigint, *arrow::RunEndEncodedArray::Make(5, ends, values));
  EXPECT_EQ(runs.json(), "{\"c\":7}\n{\"c\":7}\n{}\n{\"c\":8}\n{\"c\":8}\n");
  EXPECT_EQ(runs.separated(), "7\n7\n\n8\n8\n");
  EXPECT_EQ(runs.record_batch(), "int64: 7 7 null 8 8");
}

TEST_F(RowsReaderTest, AnyPartOfSeveralBatches) {
  const auto schema = arrow::schema({arrow::field("id", arrow::int64()), arrow::field("t", arrow::utf8())});
  arrow::RecordBatchVector batches;
  for (const int first : {0, 3, 6}) {
    const std::string ids =
        "[" + std::to_string(first) + "," + std::to_string(first + 1) + "," + std::to_string(first + 2) + "]";
    batches.push_back(arrow::RecordBatch::Make(
        schema, 3, {array_of(arrow::int64(), ids), array_of(arrow::utf8(), R"(["a", null, "c"])")}));
  }
  const IpcFileReader held = file(batches);
  const std::vector<RowTextColumn> columns{
      {.name = "t"}, {.name = "gone", .type = DataType::bigint}, {.name = "id", .type = DataType::bigint}};
  auto texts = RowTexts::open(held, columns, {}).value();
  RowsReader reader = RowsReader::open(held, columns);
  for (std::uint64_t first = 0; first < 9; ++first) {
    for (std::uint64_t last = first; last <= 9; ++last) {
      const Rows& rows = **reader.select(first, last, texts);
      ASSERT_EQ(rows.size(), last - first);
      ASSERT_EQ(rows.columns().size(), 2U) << "the file has no column that is gone";
      EXPECT_EQ(rows.column("gone"), std::nullopt);
      for (const Row row : rows) {
        const std::uint64_t id = first + row.index();
        EXPECT_EQ(row.get<std::int64_t>("id"), static_cast<std::int64_t>(id));
        EXPECT_EQ(row[1], row["id"]);
        EXPECT_EQ(row["t"] == Value(Null{}), id % 3 == 1);
        EXPECT_EQ(row["gone"], Value(Null{}));
      }
      ArrowArray array{};
      ArrowSchema description{};
      ASSERT_TRUE(rows.record_batch(&array, &description));
      const auto batch = arrow::ImportRecordBatch(&array, &description).ValueOrDie();
      EXPECT_TRUE(batch->ValidateFull().ok());
      EXPECT_EQ(batch->num_rows(), static_cast<std::int64_t>(last - first));
    }
  }
}

/// Two rows of documents and one of columns alone, in a table whose column `n` had misfits.
class DocumentRowsReader : public for_tests::JobFile {
 protected:
  const Rows& rows(const arrow::RecordBatchVector& batches) {
    file_.emplace(file(batches));
    texts_.emplace(RowTexts::open(*file_, columns_, {}).value());
    reader_.emplace(RowsReader::open(*file_, columns_));
    const auto selected = reader_->select(0, file_->size().rows, *texts_);
    EXPECT_TRUE(selected) << selected.error().message;
    return **selected;
  }

  static std::shared_ptr<arrow::RecordBatch> batch() {
    const auto documents = array_of(
        arrow::utf8(), R"(["{\"new\":{\"a\":1.50},\"n\":7,\"\\u0062\":null}", "{\"n\":\"x\",\"b\":true}", null])");
    return arrow::RecordBatch::Make(
        arrow::schema({arrow::field("b", arrow::boolean()), arrow::field("n", arrow::int64()),
                       arrow::field("n__v_text", arrow::utf8()), arrow::field("_dlt_document", arrow::utf8())}),
        3,
        {array_of(arrow::boolean(), "[null, true, false]"), array_of(arrow::int64(), "[7, null, null]"),
         array_of(arrow::utf8(), R"([null, "x", null])"), documents});
  }

  static std::string text(std::span<const Member> members) {
    std::string out;
    for (const Member& member : members) out += fmt::format("{}:{} ", member.name, member.value.index());
    return out;
  }

  std::vector<RowTextColumn> columns_{{.name = "b", .type = DataType::bool_},
                                      {.name = "n", .type = DataType::bigint},
                                      {.name = "n__v_text", .variant_of = "n"}};
  std::optional<IpcFileReader> file_;
  std::optional<RowTexts> texts_;
  std::optional<RowsReader> reader_;
};

TEST_F(DocumentRowsReader, HaveTheShapeOfTheirDocuments) {
  const Rows& held = rows({batch()});
  const Row first = held[0];
  ASSERT_EQ(first.members().size(), 3U);
  EXPECT_EQ(first.members()[0].name, "new");
  EXPECT_EQ(first.members()[0].value, Value(JsonText{R"({"a":1.50})"})) << "no column has it";
  EXPECT_EQ(first.members()[1].value, Value(std::int64_t{7}));
  EXPECT_EQ(first.members()[2].name, "b");
  EXPECT_EQ(first.members()[2].value, Value(Null{}));
  EXPECT_EQ(first.find("b"), Value(Null{})) << "the key is there";
  EXPECT_EQ(first.find("gone"), std::nullopt);
  EXPECT_EQ(first.find("new"), Value(JsonText{R"({"a":1.50})"}));
  EXPECT_EQ(first.json(), R"({"new":{"a":1.50},"n":7})");
  const Row second = held[1];
  EXPECT_EQ(second["n"], Value(std::string_view("x"))) << "a misfit is under its own key";
  EXPECT_EQ(second.find("n"), Value(std::string_view("x")));
  EXPECT_EQ(held.column("n__v_text"), std::nullopt);
  EXPECT_EQ(held.columns().size(), 2U);
  EXPECT_EQ(second.members()[0].name, "n");
  EXPECT_EQ(second.members()[1].value, Value(true));
}

TEST_F(DocumentRowsReader, WhatNoColumnTakesHasItsOwnType) {
  columns_ = {{.name = "n", .type = DataType::bigint},
              {.name = "n__v_text", .type = DataType::bigint, .variant_of = "n"}};
  const auto nulls = array_of(arrow::int64(), "[null, null, null, null, null, null, null, 8, null]");
  const auto documents = array_of(arrow::utf8(), R"([
      "{\"n\":\"hello\"}", "{\"n\":\"a\\u0062\"}", "{\"n\":true}", "{\"n\":-1.5e1}", "{\"n\":[1.50]}",
      "{\"n\":12345678901234567890}", "{\"n\":7}", "{\"n\":\"8\"}", "{\"n\":null}"])");
  const Rows& held = rows({arrow::RecordBatch::Make(
      arrow::schema({arrow::field("n", arrow::int64()), arrow::field("n__v_text", arrow::int64()),
                     arrow::field("_dlt_document", arrow::utf8())}),
      9, {nulls, array_of(arrow::int64(), "[null, null, null, null, null, null, null, null, null]"), documents})});
  const std::vector<Value> expected{std::string_view("hello"),
                                    std::string_view("ab"),
                                    true,
                                    -15.0,
                                    JsonText{"[1.50]"},
                                    JsonText{"12345678901234567890"},
                                    std::int64_t{7},
                                    std::int64_t{8},
                                    Null{}};
  for (const Row row : held) {
    EXPECT_EQ(row["n"], expected[row.index()]) << row.index();
    EXPECT_EQ(row.find("n"), expected[row.index()]) << row.index();
    ASSERT_EQ(row.members().size(), 1U);
    EXPECT_EQ(row.members()[0].value, expected[row.index()]) << row.index();
  }
}

TEST_F(DocumentRowsReader, WhatAColumnTakesHasTheTypeOfTheColumn) {
  columns_ = {{.name = "t"}};
  const Rows& held = rows({arrow::RecordBatch::Make(
      arrow::schema({arrow::field("t", arrow::utf8()), arrow::field("_dlt_document", arrow::utf8())}), 5,
      {array_of(arrow::utf8(), R"(["7", "True", "{\"a\":1.50}", "[2]", "{brace"])"),
       array_of(arrow::utf8(), R"(["{\"t\":7}", "{\"t\":true}", "{\"t\":{\"a\":1.50}}", "{\"t\":[2]}",
                                   "{\"t\":\"{brace\"}"])")})});
  const std::vector<Value> expected{std::string_view("7"), std::string_view("True"), JsonText{R"({"a":1.50})"},
                                    JsonText{"[2]"}, std::string_view("{brace")};
  for (const Row row : held) {
    EXPECT_EQ(row["t"], expected[row.index()]) << row.index();
    EXPECT_EQ(row.find("t"), expected[row.index()]) << row.index();
    EXPECT_EQ(row.members()[0].value, expected[row.index()]) << row.index();
  }
  EXPECT_EQ(held.json(), "{\"t\":7}\n{\"t\":true}\n{\"t\":{\"a\":1.50}}\n{\"t\":[2]}\n{\"t\":\"{brace\"}\n");
  EXPECT_EQ(held.typed_json(),
            "{\"t\":\"7\"}\n{\"t\":\"True\"}\n{\"t\":{\"a\":1.50}}\n{\"t\":[2]}\n{\"t\":\"{brace\"}\n");
}

TEST_F(DocumentRowsReader, AKeyThatItsColumnSpellsOtherwiseHasItsType) {
  columns_ = {{.name = "o_clock", .type = DataType::bigint}, {.name = "caf\u00e9"}};
  const Rows& held = rows({arrow::RecordBatch::Make(
      arrow::schema({arrow::field("o_clock", arrow::int64()), arrow::field("caf\u00e9", arrow::utf8()),
                     arrow::field("_dlt_document", arrow::utf8())}),
      1,
      {array_of(arrow::int64(), "[7]"), array_of(arrow::utf8(), R"(["8"])"),
       array_of(arrow::utf8(), R"(["{\"o'clock\":\"7\",\"cafe\\u0301\":8}"])")})});
  const Row row = held[0];
  ASSERT_EQ(row.members().size(), 2U);
  EXPECT_EQ(row.members()[0].value, Value(std::int64_t{7}));
  EXPECT_EQ(row.members()[1].value, Value(std::string_view("8")));
  EXPECT_EQ(row.find("o'clock"), Value(std::int64_t{7}));
  EXPECT_EQ(row.find("cafe\u0301"), Value(std::string_view("8")));
}

TEST_F(DocumentRowsReader, MembersStayWhileOthersAreLookedFor) {
  const Rows& held = rows({batch()});
  const std::span<const Member> members = held[0].members();
  EXPECT_EQ(held[1].find("gone"), std::nullopt);
  EXPECT_EQ(held[1].find("b"), Value(true));
  ASSERT_EQ(members.size(), 3U);
  EXPECT_EQ(members[0].name, "new");
}

TEST_F(DocumentRowsReader, KeysOfOneNameAreToldApart) {
  const std::string first = "a'b";
  const std::string second = "a_b";
  const std::string tagged = second + "_" + schema::collision_tag(second);
  columns_ = {{.name = second, .type = DataType::bigint}, {.name = tagged, .type = DataType::bigint}};
  const std::string both = fmt::format(R"(["{{\"{}\":1,\"{}\":2}}", "{{\"{}\":3}}"])", first, second, first);
  const Rows& held = rows({arrow::RecordBatch::Make(
      arrow::schema({arrow::field(second, arrow::int64()), arrow::field(tagged, arrow::int64()),
                     arrow::field("_dlt_document", arrow::utf8())}),
      2, {array_of(arrow::int64(), "[1, 3]"), array_of(arrow::int64(), "[2, null]"), array_of(arrow::utf8(), both)})});
  EXPECT_EQ(held[0].members()[1].name, second);
  EXPECT_EQ(held[0].members()[1].value, Value(std::int64_t{2}));
  EXPECT_EQ(held[0].find(second), Value(std::int64_t{2}));
  EXPECT_EQ(held[0].find(first), Value(std::int64_t{1}));
  EXPECT_EQ(held[1].find(second), std::nullopt) << "the row has the other key alone";
}

TEST_F(DocumentRowsReader, AnyPartOfABatchHasItsOwnRunsAndDocuments) {
  columns_ = {{.name = "n", .type = DataType::bigint}};
  const auto runs = *arrow::RunEndEncodedArray::Make(5, array_of(arrow::int32(), "[2, 3, 5]"),
                                                     array_of(arrow::int64(), "[7, null, 8]"));
  const auto documents = array_of(arrow::utf8(), R"(["{\"n\":7}", null, "{\"n\":null}", "{\"x\":3}", "{\"n\":8}"])");
  rows({arrow::RecordBatch::Make(
      arrow::schema({arrow::field("n", runs->type()), arrow::field("_dlt_document", arrow::utf8())}), 5,
      {runs, documents})});
  const std::vector<std::string> members{"n:2 ", "n:2 ", "n:0 ", "x:2 ", "n:2 "};
  const std::vector<Value> values{std::int64_t{7}, std::int64_t{7}, Null{}, std::int64_t{8}, std::int64_t{8}};
  for (std::uint64_t first = 0; first < 5; ++first) {
    for (std::uint64_t last = first; last <= 5; ++last) {
      const Rows& held = **reader_->select(first, last, *texts_);
      ASSERT_EQ(held.size(), last - first);
      for (const Row row : held) {
        EXPECT_EQ(text(row.members()), members[first + row.index()]);
        EXPECT_EQ(row["n"], values[first + row.index()]);
      }
      ArrowArray array{};
      ArrowSchema schema{};
      ASSERT_TRUE(held.record_batch(&array, &schema));
      const auto taken = arrow::ImportRecordBatch(&array, &schema).ValueOrDie();
      ASSERT_EQ(taken->num_rows(), static_cast<std::int64_t>(last - first));
      for (std::int64_t row = 0; row < taken->num_rows(); ++row)
        EXPECT_EQ(taken->column(0)->IsNull(row), static_cast<std::int64_t>(first) + row == 2);
    }
  }
}

TEST_F(DocumentRowsReader, RowsWithoutDocumentsAreTheirColumns) {
  const Rows& held = rows({batch()});
  ASSERT_EQ(held[2].members().size(), 1U);
  EXPECT_EQ(held[2].members()[0].value, Value(false));
  EXPECT_EQ(held[2].find("n"), std::nullopt);
  EXPECT_EQ(held[2].json(), R"({"b":false})");
}

TEST_F(DocumentRowsReader, ARecordBatchHasTheMisfitsBeside) {
  ArrowArray array{};
  ArrowSchema schema{};
  ASSERT_TRUE(rows({batch()}).record_batch(&array, &schema));
  const auto taken = arrow::ImportRecordBatch(&array, &schema).ValueOrDie();
  EXPECT_EQ(taken->schema()->ToString(), "b: bool\nn: int64\nn__v_text: string");
  EXPECT_EQ((*taken->column(2)->GetScalar(1))->ToString(), "x");
}

TEST_F(RowsReaderTest, RowsOfSeveralSectionsAreRead) {
  const std::string path = folder_ / "sections.arrow";
  const auto first = arrow::RecordBatch::Make(arrow::schema({arrow::field("a", arrow::int64())}), 3,
                                              {array_of(arrow::int64(), "[1, 2, 3]")});
  const auto second = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("a", arrow::run_end_encoded(arrow::int32(), arrow::int64())),
                     arrow::field("b", arrow::utf8(), false)}),
      2,
      {*arrow::RunEndEncodedArray::Make(2, array_of(arrow::int32(), "[2]"), array_of(arrow::int64(), "[4]")),
       array_of(arrow::utf8(), R"(["x", "y"])")});
  std::optional<IpcFileWriter> writer;
  for (const auto& batch : {first, second}) {
    ArrowSchema schema{};
    ArrowArray array{};
    ASSERT_TRUE(arrow::ExportRecordBatch(*batch, &array, &schema).ok());
    if (writer)
      ASSERT_TRUE(writer->change_columns(schema));
    else
      writer.emplace(IpcFileWriter::create(path, schema).value());
    schema.release(&schema);
    ASSERT_TRUE(writer->append(&array));
  }
  ASSERT_TRUE(writer->finish());
  const IpcFileReader held = IpcFileReader::open(path).value();
  const std::vector<RowTextColumn> columns{{.name = "a", .type = DataType::bigint}, {.name = "b"}};
  RowTexts texts = RowTexts::open(held, columns, {}).value();
  RowsReader reader = RowsReader::open(held, columns);
  const Result<const Rows*> rows = reader.select(1, 5, texts);
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ((*rows)->json(), "{\"a\":2}\n{\"a\":3}\n{\"a\":4,\"b\":\"x\"}\n{\"a\":4,\"b\":\"y\"}\n");
  EXPECT_EQ((**rows)[0]["b"], Value(Null{}));
  EXPECT_EQ((**rows)[3]["a"], Value(std::int64_t{4}));
  ArrowArray array{};
  ArrowSchema schema{};
  ASSERT_TRUE((*rows)->record_batch(&array, &schema));
  const auto taken = arrow::ImportRecordBatch(&array, &schema).ValueOrDie();
  EXPECT_TRUE(taken->ValidateFull().ok());
  EXPECT_EQ(taken->schema()->ToString(), "a: int64\nb: string");
}

}  // namespace
}  // namespace outfall::columnar
