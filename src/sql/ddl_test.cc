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

TEST(Ddl, GivesUniqueTextsTheTypeThatDltGivesThem) {
  schema::Column name = column("name", DataType::text);
  name.unique = true;
  schema::Column code = name;
  code.name = "code";
  code.precision = 5;
  const auto change =
      plan_table(sqlite_dialect(), target, table({name, code, column("note", DataType::text)}), nullptr);
  ASSERT_TRUE(change);
  EXPECT_THAT(change->statements, ElementsAre(HasSubstr(R"("name" VARCHAR(128), "code" VARCHAR(5), "note" TEXT)")));
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
  EXPECT_THAT(change->statements, ElementsAre(R"(ALTER TABLE "c"."s"."t" ADD COLUMN "c" VARCHAR)"));
  ASSERT_EQ(change->alterations.size(), 1u);
  EXPECT_EQ(change->alterations[0].statement, R"(ALTER TABLE "c"."s"."t" ALTER COLUMN "A" SET DATA TYPE DOUBLE)");
}

/// The type that a column gets, which is to be altered.
std::string altered(const std::string& there, const ColumnType& wanted) {
  schema::Column a = column("a", wanted.type);
  schema::set_type(a, wanted);
  ExistingTable existing{.columns = {{"a", there}}};
  auto change = plan_table(duckdb_dialect(), target, table({a}), &existing, {"a"});
  EXPECT_TRUE(change);
  if (change->alterations.empty()) return "";
  const std::string& statement = change->alterations[0].statement;
  return statement.substr(statement.find("TYPE ") + 5);
}

ColumnType decimal(int precision, int scale) {
  return {.type = DataType::decimal, .precision = precision, .scale = scale};
}

TEST(Ddl, AltersNothingThatTakesTheValuesAsItIs) {
  EXPECT_EQ(altered("INTEGER", {.type = DataType::double_}), "DOUBLE");
  EXPECT_EQ(altered("DOUBLE", {.type = DataType::double_}), "");
  EXPECT_EQ(altered("VARCHAR", {.type = DataType::double_}), "") << "another pipeline has made it text";
  EXPECT_EQ(altered("DECIMAL(20,2)", {.type = DataType::double_}), "VARCHAR") << "digits would be lost";
  EXPECT_EQ(altered("SMALLINT", {.type = DataType::bigint}), "BIGINT");
  EXPECT_EQ(altered("DOUBLE", {.type = DataType::bigint}), "");
  EXPECT_EQ(altered("DATE", {.type = DataType::timestamp}), "TIMESTAMP WITH TIME ZONE");
  EXPECT_EQ(altered("VARCHAR", {.type = DataType::text}), "");
  EXPECT_EQ(altered("FLOAT", {.type = DataType::double_}), "DOUBLE");
  EXPECT_EQ(altered("UBIGINT", {.type = DataType::double_}), "VARCHAR");
  EXPECT_EQ(altered("INTERVAL", {.type = DataType::double_}), "VARCHAR") << "we have nothing like it";
}

TEST(Ddl, MakesNoTypeNarrower) {
  EXPECT_EQ(altered("BIGINT", {.type = DataType::bigint, .precision = 32}), "");
  EXPECT_EQ(altered("HUGEINT", {.type = DataType::bigint}), "");
  EXPECT_EQ(altered("HUGEINT", {.type = DataType::double_}), "VARCHAR");
  EXPECT_EQ(altered("HUGEINT", decimal(38, 0)), "");
  EXPECT_EQ(altered("HUGEINT", decimal(10, 2)), "VARCHAR");
  EXPECT_EQ(altered("BIGNUM", {.type = DataType::bigint}), "");
  EXPECT_EQ(altered("BIGNUM", {.type = DataType::double_}), "VARCHAR");
  EXPECT_EQ(altered("DECIMAL(29,10)", decimal(21, 2)), "");
  EXPECT_EQ(altered("DECIMAL(21,2)", decimal(29, 10)), "DECIMAL(29,10)");
  EXPECT_EQ(altered("DECIMAL(21,10)", decimal(21, 2)), "DECIMAL(29,10)");
  EXPECT_EQ(altered("DECIMAL(38,0)", decimal(21, 2)), "VARCHAR");
  EXPECT_EQ(altered("TIMESTAMP", {.type = DataType::timestamp, .precision = 3, .with_timezone = false}), "");
  EXPECT_EQ(altered("TIMESTAMP_MS", {.type = DataType::timestamp, .with_timezone = false}), "TIMESTAMP");
}

TEST(Ddl, MakesTextsAsTheRowsThatFollowHaveThem) {
  EXPECT_EQ(altered("BLOB", {.type = DataType::text}), "VARCHAR USING base64(\"a\")");
  EXPECT_EQ(altered("BOOLEAN", {.type = DataType::text}),
            "VARCHAR USING CASE \"a\" WHEN true THEN 'True' WHEN false THEN 'False' END");
  EXPECT_EQ(altered("BIGINT", {.type = DataType::text}), "VARCHAR");
}

TEST(Ddl, NamesColumnsThatWouldCutTheirValues) {
  ExistingTable existing{
      .columns = {{"a", "INTEGER"}, {"b", "INTEGER"}, {"c", "DATE"}, {"d", "VARCHAR"}, {"e", "DOUBLE"}}};
  auto change =
      plan_table(duckdb_dialect(), target,
                 table({column("a", DataType::bigint), column("b", DataType::double_), column("c", DataType::text),
                        column("d", DataType::double_), column("e", DataType::decimal)}),
                 &existing);
  ASSERT_TRUE(change);
  std::vector<std::string> cut;
  for (const CutColumn& one : change->cut) cut.push_back(one.column + " " + one.type + " " + one.there);
  EXPECT_THAT(cut, ElementsAre("b double INTEGER", "c text DATE", "e decimal DOUBLE"));
  EXPECT_EQ(change->cut[0].advised, R"(ALTER TABLE "s"."t" ALTER COLUMN "b" SET DATA TYPE DOUBLE)");
}

TEST(Ddl, SaysWhatGivesAColumnAnotherType) {
  EXPECT_EQ(retype_statements(postgres_dialect(), target, "b\"x", "text"),
            R"(ALTER TABLE "s"."t" ALTER COLUMN "b""x" SET DATA TYPE text)");
  EXPECT_EQ(unrequire_statements(duckdb_dialect(), target, "b", "BIGINT"),
            R"(ALTER TABLE "s"."t" ALTER COLUMN "b" DROP NOT NULL)");
  for (const auto& statements : {retype_statements, unrequire_statements}) {
    EXPECT_EQ(statements(sqlite_dialect(), target, "b", "TEXT"),
              R"(ALTER TABLE "s"."t" ADD COLUMN "b_new" TEXT; UPDATE "s"."t" SET "b_new" = "b"; )"
              R"(ALTER TABLE "s"."t" DROP COLUMN "b"; ALTER TABLE "s"."t" RENAME COLUMN "b_new" TO "b")");
  }
}

TEST(Ddl, AsksWhetherMomentsHaveNanoseconds) {
  schema::Column a = column("a", DataType::timestamp);
  schema::set_type(a, {.type = DataType::timestamp, .precision = 9, .with_timezone = false});
  ExistingTable existing{.columns = {{"a", "TIMESTAMP"}}};
  auto alterations = plan_alterations(duckdb_dialect(), target, table({a}), existing, {"a"});
  ASSERT_TRUE(alterations);
  ASSERT_EQ(alterations->size(), 1u);
  EXPECT_THAT(alterations->at(0).statement, HasSubstr("TIMESTAMP_NS"));
  EXPECT_THAT(alterations->at(0).misfits, HasSubstr(R"(FROM "c"."s"."t" WHERE "a" < )"));
  EXPECT_THAT(alterations->at(0).as_text, HasSubstr("VARCHAR"));
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
