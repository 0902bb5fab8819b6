// SPDX-License-Identifier: Apache-2.0
//
// Which statements a table needs, from what there is.
#include "sql/ddl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/dialect.h"

namespace outfall::sql {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

schema::Column column(std::string name, std::optional<DataType> type, bool nullable = true) {
  schema::Column out;
  out.name = std::move(name);
  out.type = type;
  out.nullable = nullable;
  return out;
}

schema::Table table(std::vector<schema::Column> columns) {
  schema::Table out = schema::Table::root("t", "append", "t");
  for (schema::Column& one : columns) out.columns.add(std::move(one));
  return out;
}

const TableName target{"c", "s", "t"};

TEST(Ddl, CreatesATableWithItsColumnsInOrder) {
  auto change = plan_table(duckdb_dialect(), target,
                           table({column("b", DataType::text), column("never seen", std::nullopt),
                                  column("_dlt_id", DataType::text, false)}),
                           nullptr);
  ASSERT_TRUE(change);
  EXPECT_TRUE(change->created);
  EXPECT_THAT(change->new_columns, IsEmpty());
  EXPECT_THAT(change->statements, ElementsAre(R"(CREATE TABLE "c"."s"."t" ("b" VARCHAR, "_dlt_id" VARCHAR NOT NULL))"));
}

TEST(Ddl, TriesNoCompressionOnRowIds) {
  schema::Column ids = column("_dlt_id", DataType::text, false);
  ids.row_key = true;
  auto change = plan_table(duckdb_dialect(), target, table({ids}), nullptr);
  ASSERT_TRUE(change);
  EXPECT_THAT(change->statements,
              ElementsAre(R"(CREATE TABLE "c"."s"."t" ("_dlt_id" VARCHAR USING COMPRESSION uncompressed NOT NULL))"));
}

TEST(Ddl, AddsMissingColumnsOneAStatement) {
  ExistingTable existing{.columns = {{"a", "BIGINT"}, {"extra", "BIGINT"}}};
  auto change = plan_table(
      duckdb_dialect(), target,
      table({column("A", DataType::bigint), column("b", DataType::json), column("c", DataType::text, false)}),
      &existing);
  ASSERT_TRUE(change);
  EXPECT_FALSE(change->created);
  EXPECT_THAT(change->new_columns, ElementsAre("b", "c"));
  // DuckDB cannot add a column that is not null.
  EXPECT_THAT(change->statements, ElementsAre(R"(ALTER TABLE "c"."s"."t" ADD COLUMN "b" JSON)",
                                              R"(ALTER TABLE "c"."s"."t" ADD COLUMN "c" VARCHAR)"));
}

TEST(Ddl, AddsManyColumnsInOneStatementWhereThatWorks) {
  Dialect other = duckdb_dialect();
  other.add_column = AddColumn::many_a_statement;
  other.add_not_null = AddNotNull::accepted;
  ExistingTable existing;
  auto change =
      plan_table(other, target, table({column("a", DataType::text), column("b", DataType::text, false)}), &existing);
  ASSERT_TRUE(change);
  EXPECT_THAT(change->statements,
              ElementsAre(R"(ALTER TABLE "c"."s"."t" ADD COLUMN "a" VARCHAR, ADD COLUMN "b" VARCHAR NOT NULL)"));
}

TEST(Ddl, AltersColumnsThatAreThereAndNoOthers) {
  ExistingTable existing{.columns = {{"a", "BIGINT"}, {"b", "BIGINT"}}};
  auto change =
      plan_table(duckdb_dialect(), target,
                 table({column("A", DataType::double_), column("b", DataType::text), column("c", DataType::text)}),
                 &existing, {"A", "c"});
  ASSERT_TRUE(change);
  EXPECT_THAT(change->statements, ElementsAre(R"(ALTER TABLE "c"."s"."t" ADD COLUMN "c" VARCHAR)",
                                              R"(ALTER TABLE "c"."s"."t" ALTER COLUMN "A" SET DATA TYPE DOUBLE)"));
}

TEST(Ddl, AltersNothingThatTakesTheValuesAsItIs) {
  const auto altered = [](const std::string& there, DataType wanted) {
    ExistingTable existing{.columns = {{"a", there}}};
    auto change = plan_table(duckdb_dialect(), target, table({column("a", wanted)}), &existing, {"a"});
    EXPECT_TRUE(change);
    return change->statements.empty() ? "" : change->statements[0].substr(change->statements[0].find("TYPE ") + 5);
  };
  EXPECT_EQ(altered("INTEGER", DataType::double_), "DOUBLE");
  EXPECT_EQ(altered("DOUBLE", DataType::double_), "");
  EXPECT_EQ(altered("VARCHAR", DataType::double_), "") << "another pipeline has made it text";
  EXPECT_EQ(altered("DECIMAL(20,2)", DataType::double_), "VARCHAR") << "digits would be lost";
  EXPECT_EQ(altered("SMALLINT", DataType::bigint), "BIGINT");
  EXPECT_EQ(altered("DOUBLE", DataType::bigint), "");
  EXPECT_EQ(altered("DATE", DataType::timestamp), "TIMESTAMP WITH TIME ZONE");
  EXPECT_EQ(altered("BOOLEAN", DataType::text), "VARCHAR");
  EXPECT_EQ(altered("VARCHAR", DataType::text), "");
}

TEST(Ddl, LeavesATableAloneThatHasAll) {
  ExistingTable existing{.columns = {{"a", "BIGINT"}}};
  auto change = plan_table(duckdb_dialect(), target, table({column("a", DataType::bigint)}), &existing);
  ASSERT_TRUE(change);
  EXPECT_THAT(change->statements, IsEmpty());
}

TEST(Ddl, RefusesColumnsThatAreOneToTheDatabase) {
  auto change = plan_table(duckdb_dialect(), target,
                           table({column("Id", DataType::text), column("ID", DataType::text)}), nullptr);
  ASSERT_FALSE(change);
  EXPECT_THAT(change.error().message, HasSubstr("Id and ID"));
}

TEST(Ddl, CountsCharactersOfNames) {
  Dialect narrow = duckdb_dialect();
  narrow.identifier_length_max = 4;
  EXPECT_TRUE(plan_table(narrow, target, table({column("äöüß", DataType::text)}), nullptr));
  EXPECT_FALSE(plan_table(narrow, target, table({column("abcde", DataType::text)}), nullptr));
}

}  // namespace
}  // namespace outfall::sql
