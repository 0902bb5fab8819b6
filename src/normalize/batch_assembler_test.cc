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

}  // namespace
}  // namespace outfall::normalize
