// SPDX-License-Identifier: Apache-2.0
//
// What batches look like: how their columns are encoded when most of their cells are nulls.
#include "normalize/batch_assembler.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "normalize/shaping_for_tests.h"

namespace outfall::normalize {
namespace {

struct Encoded {
  std::int64_t batches = 0;
  std::int64_t runs = 0;     ///< of all sparse columns in runs
  std::int64_t columns = 0;  ///< sparse ones that stand in runs, in the last batch
};

/// Shapes documents, one a line, and looks at the batches.
Encoded encoded(std::string_view documents, std::size_t chunk_bytes) {
  Encoded seen;
  NormalizeOptions options{.load_id = "load", .inputs = {{.name = "test.jsonl", .table = "t"}}};
  schema::Schema schema = schema::Schema::make("tests", NamingConvention::snake_case);
  for_tests::detail::Source source(documents, chunk_bytes);
  const WriteBatch write = [&seen](std::string_view, const ArrowSchema& described, ArrowArray* batch) -> Status {
    ++seen.batches;
    seen.columns = 0;
    for (std::int64_t i = 0; i < batch->n_children; ++i) {
      if (std::string_view(described.children[i]->format) != "+r") continue;
      if (!std::string_view(described.children[i]->name).starts_with("key_")) continue;
      ++seen.columns;
      seen.runs += batch->children[i]->children[0]->length;
    }
    batch->release(batch);
    return {};
  };
  EXPECT_TRUE(
      normalize(options, schema, [&] { return Result<std::optional<Chunk>>(source.next()); }, [](Chunk) {}, write));
  return seen;
}

std::string sparse(int rows, int columns) {
  std::string text;
  for (int i = 0; i < rows; ++i) text += fmt::format("{{\"id\":{},\"key_{}\":{}}}\n", i, i * 7 % columns, i);
  return text;
}

TEST(BatchAssembler, NullsOfASparseTableTakeNoRoom) {
  const Encoded seen = encoded(sparse(5'000, 1'000), SIZE_MAX);
  EXPECT_EQ(seen.batches, 1);
  EXPECT_EQ(seen.columns, 1'000);
  // Each column has five values and six gaps; a gap of a few rows is stored row by row.
  EXPECT_LE(seen.runs, 12 * 1'000);
}

TEST(BatchAssembler, ColumnsWithoutAValueAreOneRun) {
  // What is behind the first rows has none of their keys.
  std::string documents = sparse(5'000, 1'000);
  const std::string text(1'000, 'x');
  for (int i = 0; i < 20'000; ++i) documents += fmt::format("{{\"id\":1,\"text\":\"{}\"}}\n", text);
  const Encoded seen = encoded(documents, 1 << 20);
  EXPECT_GE(seen.batches, 3);
  EXPECT_GE(seen.columns, 1'000);
  EXPECT_LE(seen.runs, (12 + seen.batches) * 1'000);
}

TEST(BatchAssembler, GathersTheRowsOfManyChunks) {
  EXPECT_EQ(encoded(sparse(5'000, 20), 1'000).batches, 1);
}

TEST(BatchAssembler, AnOrdinaryTableWithOptionalColumnsStaysPlain) {
  EXPECT_EQ(encoded(sparse(5'000, 20), SIZE_MAX).columns, 0);
}

/// A row with a document, or without, whose column may be null.
ShapedTable one_row(const char* document, std::optional<std::int64_t> value) {
  ShapedTable shaped{.name = "t", .rows = 1};
  if (document != nullptr) shaped.documents.emplace(schema::ColumnType{.type = DataType::json}).set_text(0, document);
  columnar::ColumnBuilder cells(schema::ColumnType{.type = DataType::bigint});
  if (value) cells.set_int64(0, *value);
  cells.skip_to(1);
  shaped.columns.push_back({.name = "a", .type = {.type = DataType::bigint}, .cells = std::move(cells)});
  return shaped;
}

TEST(BatchAssembler, ARowWithoutADocumentMustHaveWhatMustBeSetAlsoBehindOneThatHasOne) {
  schema::Schema schema = schema::Schema::make("tests", NamingConvention::direct);
  schema::Column column;
  column.name = "a";
  column.type = DataType::bigint;
  column.nullable = false;
  schema.tables.add(schema::Table::root("t", "append", "t")).columns.add(column);
  std::uint64_t rows = 0;
  BatchAssembler assembler(schema, "load", [&](std::string_view, const ArrowSchema&, ArrowArray* batch) -> Status {
    rows += static_cast<std::uint64_t>(batch->length);
    batch->release(batch);
    return {};
  });
  ShapedTable misfit = one_row("{\"a\":\"misfit\"}", std::nullopt);
  ShapedTable complete = one_row(nullptr, 2);
  ASSERT_TRUE(assembler.add(misfit) && assembler.add(complete));
  ASSERT_TRUE(assembler.finish());
  EXPECT_EQ(rows, 2U);
  ShapedTable incomplete = one_row(nullptr, std::nullopt);
  ASSERT_TRUE(assembler.add(incomplete));
  const Status written = assembler.finish();
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message,
            "not every row of t has a value that the column a takes, and it must be set in every row");
}

}  // namespace
}  // namespace outfall::normalize
