// SPDX-License-Identifier: Apache-2.0
//
// What documents may not change under a contract, and what is left of them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "normalize/shaping_for_tests.h"

namespace outfall::normalize {
namespace {

using enum ContractMode;
using for_tests::columns;
using for_tests::shape;
using for_tests::Shaped;
using for_tests::ShapingOptions;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// The table t, with a column `a` of integers, and its contract.
ShapingOptions with_table(const Contract& contract) {
  ShapingOptions options;
  schema::Table& table = options.schema.tables.add(schema::Table::root("t", "append", "t"));
  schema::Column column;
  column.name = "a";
  column.type = DataType::bigint;
  table.columns.add(std::move(column));
  table.mark_seen_data();
  options.shape.contracts.insert({"t", {.contract = contract, .is_there = true}});
  return options;
}

std::vector<std::string> discards(const Shaped& shaped) {
  std::vector<std::string> told;
  for (const DiscardSummary& one : shaped.summary.discards) {
    told.push_back(fmt::format("{} {}.{}: {} times, first {} on line {}", name(one.discard.entity), one.discard.table,
                               one.discard.column, one.discard.count, one.discard.value, one.discard.line));
  }
  return told;
}

TEST(Contracts, AColumnIsLeftOutValueByValue) {
  const Shaped shaped = shape("{\"a\":1,\"b\":2}\n{\"b\":null,\"a\":3}\n{\"o\":{\"p\":[],\"q\":4},\"a\":5,\"b\":\"x\"}",
                              with_table({.columns = discard_value}));
  EXPECT_EQ(shaped.error, "");
  EXPECT_THAT(shaped.data.at("t"), ElementsAre("a=1", "a=3", "a=5"));
  EXPECT_THAT(columns(shaped, "t"), ElementsAre("a:bigint"));
  EXPECT_THAT(discards(shaped),
              ElementsAre("columns t.b: 2 times, first 2 on line 1", "columns t.o__q: 1 times, first 4 on line 3"));
}

TEST(Contracts, AVariantIsAboutTheTypeAndOneThatIsThereTakesItsValues) {
  ShapingOptions options = with_table({.columns = freeze, .data_type = discard_value});
  const Shaped shaped = shape("{\"a\":\"x\"}\n{\"a\":\"7\"}\n{\"a\":1.5}", options);
  EXPECT_THAT(shaped.data.at("t"), ElementsAre("", "a=7", ""));
  EXPECT_THAT(discards(shaped), ElementsAre("data_type t.a: 2 times, first x on line 1"));

  schema::Column variant;
  variant.name = "a__v_text";
  variant.type = DataType::text;
  options.schema.tables.find("t")->columns.add(variant);
  EXPECT_THAT(shape("{\"a\":\"x\"}", options).data.at("t"), ElementsAre("a__v_text=x"));
}

TEST(Contracts, ANewTypeIsRefusedInANewTableAsWellAndANewColumnIsNot) {
  ShapingOptions options;
  options.shape.contracts.insert({"t", {.contract = {.columns = freeze, .data_type = freeze}}});
  EXPECT_EQ(shape("{\"a\":1}\n{\"b\":2,\"l\":[{\"c\":1},{\"d\":2}]}", options).error, "");
  EXPECT_THAT(shape("{\"a\":1}\n{\"a\":\"x\"}", options).error,
              HasSubstr("line 2, column 6: the value x of \"a\" (text) does not fit the column a (bigint) of t"));
  EXPECT_THAT(shape("{\"l\":[1,\"x\"]}", options).error, HasSubstr("of t__l, and the contract lets nothing be made"));
}

TEST(Contracts, FreezeStopsTheRunWhateverBecomesOfBadRows) {
  ShapingOptions options = with_table({.columns = freeze});
  options.shape.bad_documents = BadDocuments::leave_out;
  const Shaped shaped = shape("{\"a\":1}\n{\"a\":2,\"b\":3}", options);
  EXPECT_THAT(shaped.error, HasSubstr("test.jsonl, line 2, column 12: the value 3 of \"b\" would give t the column b"));
  EXPECT_THAT(shaped.hint, HasSubstr("--contract columns=evolve"));
}

TEST(Contracts, ARowIsSetAsideWhateverBecomesOfBadRows) {
  const Shaped shaped =
      shape("{\"b\":1,\"a\":\"new\"}\n{\"a\":2}\n{\"a\":\"x\"}", with_table({.columns = discard_row}));
  EXPECT_EQ(shaped.error, "");
  EXPECT_THAT(shaped.data.at("t"), ElementsAre("a=2", "a__v_text=x"));
  ASSERT_EQ(shaped.left_out.size(), 1U);
  EXPECT_THAT(shaped.left_out[0], HasSubstr("would give t the column b"));
  EXPECT_THAT(discards(shaped), IsEmpty());
}

TEST(Contracts, WhatARowThatIsSetAsideHasLeftOutIsNotCounted) {
  const Shaped shaped = shape("{\"b\":1,\"a\":\"x\"}\n{\"b\":2,\"a\":2}",
                              with_table({.columns = discard_value, .data_type = discard_row}));
  EXPECT_THAT(discards(shaped), ElementsAre("columns t.b: 1 times, first 2 on line 2"));
}

TEST(Contracts, ATableThatAListWouldMakeHasTheContractOfTheOneAroundIt) {
  const char* documents = "{\"a\":1,\"l\":[{\"x\":[1]},2],\"m\":[]}\n{\"a\":2,\"l\":null}";
  const Shaped shaped = shape(documents, with_table({.tables = discard_value}));
  EXPECT_THAT(shaped.data.at("t"), ElementsAre("a=1", "a=2"));
  EXPECT_FALSE(shaped.rows.contains("t__l"));
  EXPECT_THAT(discards(shaped), ElementsAre("tables t__l.: 2 times, first { on line 1"));
  EXPECT_THAT(shape(documents, with_table({.tables = freeze})).error,
              HasSubstr("line 1, column 13: this list would make the table t__l"));
  EXPECT_THAT(shape(documents, with_table({.tables = discard_row})).data.at("t"), ElementsAre("a=2"));
  EXPECT_THAT(shape("{\"a\":1,\"l\":[tru]}", with_table({.tables = discard_value})).error, HasSubstr("not JSON"));
}

TEST(Contracts, NothingIsLeftOfADocumentWithoutATable) {
  ShapingOptions options;
  for (const ContractMode mode : {discard_value, discard_row}) {
    options.shape.contracts.insert_or_assign("t", TableContract{.contract = {.tables = mode}});
    const Shaped shaped = shape("{\"a\":1}\n{}", options);
    EXPECT_EQ(shaped.left_out.size(), 2U);
    EXPECT_EQ(shaped.schema.tables.find("t"), nullptr);
  }
  options.shape.contracts.insert_or_assign("t", TableContract{.contract = {.tables = freeze}});
  EXPECT_THAT(shape("{\"a\":1}", options).error, HasSubstr("the table t is not there"));
}

TEST(Contracts, DocumentsThatAreKeptWholeAreKeptWithoutWhatIsLeftOut) {
  ShapingOptions options = with_table({.columns = discard_value, .data_type = discard_value});
  options.shape.roots.insert({"t", {.max_nesting = 0, .keeps_documents = true}});
  const Shaped shaped = shape("{\"a\":1,\"b\":2}\n{\"a\":\"x\",\"b\":[3]}", options);
  EXPECT_THAT(shaped.rows.at("t"), ElementsAre(HasSubstr("_dlt_document={\"a\":1}"), HasSubstr("_dlt_document={}")));
}

TEST(Contracts, ATableMayGrowUntilRowsHaveComeIntoIt) {
  ShapingOptions options = with_table({.columns = freeze});
  options.shape.contracts.at("t").may_grow = true;
  EXPECT_EQ(shape("{\"a\":1,\"b\":2}", options).error, "");
}

}  // namespace
}  // namespace outfall::normalize
