// SPDX-License-Identifier: Apache-2.0
#include "sources/sql/cursor_state.h"

#include <gtest/gtest.h>

namespace outfall::sources {
namespace {

schema::PipelineState fresh_state() {
  return schema::PipelineState::make({.pipeline_name = "shop",
                                      .dataset_name = "shop_dataset",
                                      .default_schema_name = "shop",
                                      .destination_type = "dlt.destinations.duckdb"});
}

constexpr CursorPlace place{.table = "users", .column = "changed", .relation = "public.users"};

TEST(CursorState, ComesBackAsItWasWritten) {
  schema::PipelineState state = fresh_state();
  EXPECT_EQ(read_cursor(state, place).value(), std::nullopt);
  const CursorState cursor{
      .last = {.text = "42", .is_number = true}, .rows = {"a", "a", "b"}, .key = {"id"}, .database = "db/shop"};
  write_cursor(state, place, cursor);
  const auto again = schema::PipelineState::parse(state.text());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(read_cursor(*again, place).value(), cursor);
  EXPECT_EQ(read_cursor(*again, {.table = "orders", .column = "changed", .relation = "public.users"}).value(),
            std::nullopt);
  EXPECT_EQ(read_cursor(*again, {.table = "users", .column = "id", .relation = "public.users"}).value(), std::nullopt);
  EXPECT_EQ(read_cursor(*again, {.table = "users", .column = "changed", .relation = "b.users"}).value(), std::nullopt);
  const CursorState text{.last = {.text = "42' OR true --"}, .rows = {}};
  write_cursor(state, place, text);
  EXPECT_EQ(read_cursor(state, place).value(), text);
}

TEST(CursorState, LeavesWhatDltKeepsOfTheTable) {
  schema::PipelineState state =
      schema::PipelineState::parse(
          R"({"_state_version":1,"_state_engine_version":4,"_version_hash":"","pipeline_name":"p",)"
          R"("default_schema_name":"s","sources":{"s":{"resources":{"users":{"incremental":)"
          R"({"id":{"last_value":7}}}}}}})")
          .value();
  write_cursor(state, {.table = "users", .column = "id", .relation = "query"}, {.last = {.text = "9"}, .rows = {}});
  EXPECT_NE(state.text().find(R"("incremental":{"id":{"last_value":7}})"), std::string::npos) << state.text();
}

TEST(CursorState, WhatIsDamagedIsNoCursor) {
  // It stands in a statement: what claims to be a number must be one.
  for (const char* number : {"1; drop table users", "", "-", "--1", "e5", "1 or 1=1"}) {
    schema::PipelineState state = fresh_state();
    write_cursor(state, place, {.last = {.text = number, .is_number = true}, .rows = {}});
    EXPECT_FALSE(read_cursor(state, place)) << number;
  }
  for (const char* number : {"0", "-12", "1.5", "1e+20", "-2.5e-07"}) {
    schema::PipelineState state = fresh_state();
    write_cursor(state, place, {.last = {.text = number, .is_number = true}, .rows = {}});
    EXPECT_TRUE(read_cursor(state, place)) << number;
  }
}

}  // namespace
}  // namespace outfall::sources
