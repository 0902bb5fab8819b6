// SPDX-License-Identifier: Apache-2.0
//
// Tables that keep their documents: what these are, and that the rows beside them are the same as without.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "normalize/csv_layout.h"
#include "normalize/shaping_for_tests.h"

namespace outfall::normalize {
namespace {

using for_tests::columns;
using for_tests::Shaped;
using for_tests::ShapingOptions;
using testing::ElementsAre;
using testing::HasSubstr;

enum class Kept { cells, documents };

ShapingOptions options(Kept kept = Kept::documents, ShapeOptions shape = {}) {
  shape.naming = schema::Naming(NamingConvention::direct);
  shape.roots = {{"t", {.max_nesting = 0, .keeps_documents = kept == Kept::documents}}};
  return {.shape = std::move(shape), .schema = schema::Schema::make("tests", NamingConvention::direct)};
}

/// The documents of the table, in order.
std::vector<std::string> documents(const Shaped& shaped) {
  constexpr std::string_view column = " _dlt_document=";
  std::vector<std::string> found;
  if (!shaped.rows.contains("t")) return found;
  for (const std::string& row : shaped.rows.at("t")) {
    const std::size_t begin = row.find(column);
    EXPECT_NE(begin, std::string::npos) << row;
    found.push_back(row.substr(begin + column.size()));
  }
  return found;
}

TEST(KeptDocuments, AreAColumnWithTheirText) {
  const Shaped shaped = for_tests::shape(
      "{\"z\": 1.50, \"a\": {\"n\": [1e3, null]},\t\"s\": \"\\u00e9\"}\n"
      "{\"new\": null, \"z\": \"misfit\"}\n"
      "{}\n",
      options());
  EXPECT_EQ(shaped.error, "");
  EXPECT_THAT(documents(shaped),
              ElementsAre(R"({"z":1.50,"a":{"n":[1e3,null]},"s":"\u00e9"})", R"({"new":null,"z":"misfit"})", "{}"));
}

TEST(KeptDocuments, StandBesideTheCells) {
  const std::string mixed =
      "{\"id\":1,\"at\":\"2024-01-01T00:00:00Z\",\"tags\":[1],\"o\":{\"x\":1}}\n"
      "{\"id\":\"one\",\"at\":\"soon\",\"tags\":\"none\",\"late\":true}\n"
      "{\"id\":2.5,\"big\":12345678901234567890123,\"id\":3}\n";
  const Shaped kept = for_tests::shape(mixed, options());
  const Shaped cells = for_tests::shape(mixed, options(Kept::cells));
  EXPECT_EQ(kept.schema.to_json(), cells.schema.to_json());
  EXPECT_EQ(kept.summary.variants.size(), cells.summary.variants.size());
  EXPECT_THAT(kept.schema.to_json(), testing::Not(HasSubstr("_dlt_document")));
  EXPECT_EQ(kept.summary.columns, cells.summary.columns);
  EXPECT_EQ(kept.data.at("t"), cells.data.at("t"));
}

TEST(KeptDocuments, HaveWhatNoColumnTakes) {
  const std::string mixed =
      "{\"a\":1}\n"
      "{\"a\":\"2024-01-01T00:00:00Z\"}\n"
      "{\"a\":\"hello\"}\n";
  const Shaped kept = for_tests::shape(mixed, options());
  ASSERT_EQ(kept.error, "");
  EXPECT_THAT(documents(kept), ElementsAre(R"({"a":1})", R"({"a":"2024-01-01T00:00:00Z"})", R"({"a":"hello"})"));
  const schema::Column* variant = kept.schema.tables.find("t")->columns.find("a\u25b6v_text");
  ASSERT_NE(variant, nullptr);
  EXPECT_EQ(variant->type, DataType::timestamp);
  EXPECT_TRUE(variant->variant);
  EXPECT_THAT(for_tests::shape(mixed, options(Kept::cells)).error, HasSubstr("fits neither the column a (bigint)"));
}

TEST(KeptDocuments, HaveWhatAColumnOfMisfitsThatIsThereDoesNotTake) {
  ShapingOptions there = options();
  schema::Table& table = there.schema.tables.add(schema::Table::root("t", "append", "t"));
  for (const std::string name : {"a", "a\u25b6v_text"}) {
    schema::Column column;
    column.name = name;
    column.type = DataType::bigint;
    table.columns.add(column);
  }
  const Shaped kept = for_tests::shape("{\"a\":\"hello\"}\n{\"a\":2}\n", there);
  EXPECT_EQ(kept.error, "");
  EXPECT_THAT(documents(kept), ElementsAre(R"({"a":"hello"})", R"({"a":2})"));
}

TEST(KeptDocuments, HaveTheLastOfEqualKeys) {
  const Shaped shaped = for_tests::shape(
      "{\"a\":1,\"b\":2,\"\\u0061\":3}\n"
      "{\"a\":{\"x\":1,\"y\":2,\"x\":[3]}}\n",
      options());
  EXPECT_THAT(documents(shaped), ElementsAre(R"({"b":2,"\u0061":3})", R"({"a":{"y":2,"x":[3]}})"));
  EXPECT_EQ(shaped.summary.duplicate_keys, 2U);
}

TEST(KeptDocuments, HaveNoKeysThatAnEarlierLoadAdded) {
  const std::string exported = "{\"_dlt_id\":\"r1\",\"a\":1,\"_dlt_load_id\":null,\"o\":{\"_dlt_id\":\"stays\"}}\n";
  EXPECT_THAT(documents(for_tests::shape(exported, options())), ElementsAre(R"({"a":1,"o":{"_dlt_id":"stays"}})"));
  const Shaped kept = for_tests::shape(exported, options(Kept::documents, {.system_columns = SystemColumns::keep}));
  EXPECT_THAT(documents(kept), ElementsAre(R"({"_dlt_id":"r1","a":1,"o":{"_dlt_id":"stays"}})"));
  EXPECT_THAT(for_tests::shape("{\"_dlt_document\":1}\n", options()).error, HasSubstr("begins with _dlt"));
}

TEST(KeptDocuments, AreAroundWhatIsNoObject) {
  EXPECT_THAT(documents(for_tests::shape("1.50\n\"a b\"\n[1, {\"a\": 2, \"a\": 3}]\nfalse\nnull\n", options())),
              ElementsAre(R"({"value":1.50})", R"({"value":"a b"})", R"({"value":[1,{"a":3}]})", R"({"value":false})",
                          R"({"value":null})"));
}

TEST(KeptDocuments, DoNotHaveWhatIsLeftOut) {
  const Shaped shaped = for_tests::shape("{\"a\":1}\n{\"a\":tru}\n{\"a\":1,\"a\":}\n{\"a\":2}\n",
                                         options(Kept::documents, {.bad_documents = BadDocuments::leave_out}));
  EXPECT_THAT(documents(shaped), ElementsAre(R"({"a":1})", R"({"a":2})"));
  EXPECT_EQ(shaped.left_out.size(), 2U);
}

TEST(KeptDocuments, TakeAnyValueForAColumnThatMustBeSet) {
  ShapingOptions required = options();
  schema::Column column;
  column.name = "id";
  column.type = DataType::bigint;
  column.nullable = false;
  required.schema.tables.add(schema::Table::root("t", "append", "t")).columns.add(column);
  const Shaped shaped = for_tests::shape("{\"id\":1}\n{\"id\":\"x\"}\n", required);
  EXPECT_EQ(shaped.error, "");
  EXPECT_THAT(documents(shaped), ElementsAre(R"({"id":1})", R"({"id":"x"})"));
  EXPECT_THAT(for_tests::shape("{\"id\":1}\n{\"id\":null}\n", required).error, HasSubstr("no value for the column id"));
}

TEST(KeptDocuments, AreTheSameForAnyWorkersAndChunks) {
  std::string text;
  for (int i = 0; i < 400; ++i) {
    text += fmt::format(R"({{"k{}": {}, "v": {}, "nested": {{"a": [{}.0, null]}}, "v": null}})", i % 70, i,
                        i % 13 == 0 ? "\"x\"" : "1", i);
    text += '\n';
  }
  const Shaped expected = for_tests::shape(text, options());
  EXPECT_EQ(documents(expected).size(), 400U);
  for (const int workers : {1, 4}) {
    for (const std::size_t chunk_bytes : {1UL, 1'000UL, 8'000UL}) {
      ShapingOptions cut = options();
      cut.workers = workers;
      cut.chunk_bytes = chunk_bytes;
      const Shaped shaped = for_tests::shape(text, std::move(cut));
      EXPECT_EQ(documents(shaped), documents(expected));
      EXPECT_EQ(shaped.schema.to_json(), expected.schema.to_json());
    }
  }
}

/// A chunk with one document, or with one record of the layout.
Chunk chunk_of(std::string_view text, std::shared_ptr<const CsvLayout> csv) {
  Chunk chunk;
  chunk.capacity = text.size() + Chunk::padding;
  chunk.bytes = std::make_unique<std::byte[]>(chunk.capacity);
  std::memcpy(chunk.bytes.get(), text.data(), text.size());
  chunk.documents.push_back({.offset = 0, .length = static_cast<std::uint32_t>(text.size()), .line = 1});
  chunk.csv = std::move(csv);
  return chunk;
}

/// Documents, and records of separated text with one column, in a table.
class KeptBesideRecords : public testing::Test {
 protected:
  KeptBesideRecords() {
    auto layout = std::make_shared<CsvLayout>();
    layout->columns.push_back({.name = "a", .type = {.type = DataType::bigint}, .has_cells = true});
    layout_ = std::move(layout);
  }

  void add_document(std::string_view text) { chunks_.push_back(chunk_of(text, nullptr)); }
  void add_record(std::string_view text) { chunks_.push_back(chunk_of(text, layout_)); }

  /// The columns of each batch, its rows, and how many of these have no document.
  Result<std::vector<std::string>> batches() {
    std::size_t next = 0;
    const NormalizeOptions normalizing{
        .shape = options().shape, .load_id = "load", .inputs = {{.name = "in", .table = "t"}}, .take_rejected = {}};
    std::vector<std::string> batches;
    const auto write = [&](std::string_view, const ArrowSchema& description, ArrowArray* batch) -> Status {
      std::string names;
      for (std::int64_t i = 0; i < description.n_children; ++i)
        names += std::string(description.children[i]->name) + " ";
      batches.push_back(
          fmt::format("{}{}-{}", names, batch->length, batch->children[description.n_children - 1]->null_count));
      batch->release(batch);
      return {};
    };
    const auto summary = normalize(
        normalizing, schema_,
        [&]() -> Result<std::optional<Chunk>> {
          if (next == chunks_.size()) return std::nullopt;
          return std::move(chunks_[next++]);
        },
        [](Chunk) {}, write);
    if (!summary) return fail(summary.error());
    return batches;
  }

  std::shared_ptr<const CsvLayout> layout_;
  std::vector<Chunk> chunks_;
  schema::Schema schema_ = schema::Schema::make("tests", NamingConvention::direct);
};

TEST_F(KeptBesideRecords, AllBatchesHaveAColumnForThemFromThenOn) {
  add_record("0");
  add_document("{\"a\":1}");
  add_record("2");
  add_record("3");
  add_document("{\"a\":\"4\"}");
  const auto found = batches();
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_THAT(*found,
              ElementsAre("a _dlt_load_id _dlt_id 1-0", "a _dlt_load_id _dlt_id _dlt_document 1-0",
                          "a _dlt_load_id _dlt_id _dlt_document 2-2", "a _dlt_load_id _dlt_id _dlt_document 1-0"));
}

}  // namespace
}  // namespace outfall::normalize
