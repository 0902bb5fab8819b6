// SPDX-License-Identifier: Apache-2.0
#include "columnar/table_batch.h"

#include <gtest/gtest.h>

#include <string_view>

namespace outfall::columnar {
namespace {

const std::vector<BatchColumn> columns{
    {.name = "id", .type = {.type = DataType::bigint}, .nullable = false},
    {.name = "load", .type = {.type = DataType::text}, .encoding = Encoding::constant}};

TEST(TableBatch, DescribesItsColumns) {
  ArrowSchema schema;
  make_batch_schema(columns, &schema);
  EXPECT_EQ(std::string_view(schema.format), "+s");
  ASSERT_EQ(schema.n_children, 2);
  EXPECT_EQ(std::string_view(schema.children[0]->name), "id");
  EXPECT_EQ(std::string_view(schema.children[0]->format), "l");
  EXPECT_EQ(schema.children[0]->flags & ARROW_FLAG_NULLABLE, 0);
  EXPECT_NE(schema.children[1]->flags & ARROW_FLAG_NULLABLE, 0);
  EXPECT_EQ(std::string_view(schema.children[1]->format), "c");
  ASSERT_NE(schema.children[1]->dictionary, nullptr);
  EXPECT_EQ(std::string_view(schema.children[1]->dictionary->format), "u");
  schema.release(&schema);
  EXPECT_EQ(schema.release, nullptr);
}

TEST(TableBatch, OwnsItsColumnsUnlessOneWasMovedAway) {
  std::vector<ArrowArray> arrays(2);
  make_null_array(columns[0].type, 3, &arrays[0]);
  make_constant_text_array("x", 3, &arrays[1]);
  ArrowArray batch;
  make_batch(std::move(arrays), 3, &batch);
  EXPECT_EQ(batch.length, 3);
  EXPECT_EQ(batch.n_children, 2);
  // As the interface allows: a consumer takes a child, and releases it later than the batch.
  ArrowArray child = *batch.children[0];
  batch.children[0]->release = nullptr;
  batch.release(&batch);
  EXPECT_EQ(batch.release, nullptr);
  EXPECT_EQ(child.length, 3);
  child.release(&child);
}

}  // namespace
}  // namespace outfall::columnar
