// SPDX-License-Identifier: Apache-2.0
//
// Schemas as values: a fresh one, edits and their versions, and documents that are broken. Stored documents of dlt are
// in tests/vectors.
#include "schema/schema.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outfall::schema {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Schema event_schema() {
  return Schema::make("event", NamingConvention::snake_case);
}

std::string error_of(std::string_view text) {
  const Result<Schema> schema = Schema::parse(text);
  return schema ? "no error" : schema.error().message;
}

TEST(Schema, AFreshOneIsTheDocumentDltMakes) {
  const Schema schema = event_schema();
  EXPECT_EQ(schema.version, 1);
  EXPECT_EQ(schema.version_hash, "7rrLHV6HlNNt87Iow3579/TL4v1jEGnekjvZAegpr34=");
  EXPECT_EQ(schema.canonical_json().size(), 2216U);
  EXPECT_EQ(schema.naming(), NamingConvention::snake_case);
  EXPECT_THAT(schema.detections(), ElementsAre("iso_timestamp"));
  EXPECT_TRUE(schema.breaks_paths());
  EXPECT_TRUE(schema.is_not_null_by_default("_dlt_id"));
  EXPECT_FALSE(schema.is_not_null_by_default("id"));
  EXPECT_EQ(schema.max_nesting(), std::nullopt);
}

TEST(Schema, ReadsBackWhatItWrote) {
  const Schema schema = event_schema();
  const Schema again = Schema::parse(schema.to_json()).value();
  EXPECT_EQ(again.to_json(), schema.to_json());
  EXPECT_EQ(again.compute_version_hash(), schema.version_hash);
}

TEST(Schema, TheOrderOfColumnsIsHashedTheOrderOfTablesIsNot) {
  const auto with = [](std::initializer_list<const char*> tables, std::initializer_list<const char*> columns) {
    Schema schema = event_schema();
    for (const char* table : tables) {
      Table& added = schema.tables.add(Table::root(table, "append", table));
      for (const char* column : columns) {
        Column new_column;
        new_column.name = column;
        added.columns.add(new_column);
      }
    }
    return schema.compute_version_hash();
  };
  EXPECT_EQ(with({"a", "b"}, {"x", "y"}), with({"b", "a"}, {"x", "y"}));
  EXPECT_NE(with({"a"}, {"x", "y"}), with({"a"}, {"y", "x"}));
}

TEST(Schema, BumpTakesOverEdits) {
  Schema schema = event_schema();
  EXPECT_FALSE(schema.bump());
  const std::string first = schema.version_hash;
  schema.tables.add(Table::root("t", "append", "t"));
  EXPECT_TRUE(schema.bump());
  EXPECT_FALSE(schema.bump());
  EXPECT_EQ(schema.version, 2);
  EXPECT_NE(schema.version_hash, first);
  EXPECT_THAT(schema.previous_hashes, ElementsAre(first));
}

TEST(Schema, BumpWithoutAHashKeepsTheVersion) {
  Schema schema = event_schema();
  schema.version_hash.clear();
  EXPECT_TRUE(schema.bump());
  EXPECT_EQ(schema.version, 1);
  EXPECT_THAT(schema.previous_hashes, IsEmpty());
}

TEST(Schema, PreviousHashesAreTheNewestTenEachOnce) {
  Schema schema = event_schema();
  for (int i = 0; i < 30; ++i) {
    schema.tables.add(Table::root("t", i % 2 == 0 ? "append" : "replace", "t"));
    schema.bump();
  }
  EXPECT_EQ(schema.version, 31);
  EXPECT_EQ(schema.previous_hashes.size(), 3U);  // two states take turns after the first
  for (int i = 0; i < 30; ++i) {
    schema.tables.add(Table::root(fmt::format("t{}", i), "append", "t"));
    const std::string replaced = schema.version_hash;
    schema.bump();
    EXPECT_EQ(schema.previous_hashes.front(), replaced);
  }
  EXPECT_EQ(schema.previous_hashes.size(), previous_hashes_max);
}

TEST(Schema, NewTablesAndColumnsHaveTheKeysOfDlt) {
  Table root = Table::root("tab", "append", "tab");
  Column id;
  id.name = "id";
  id.type = DataType::bigint;
  root.columns.add(id);
  root.columns.add(load_id_column());
  root.columns.add(id_column());
  EXPECT_FALSE(root.seen_data());
  root.mark_seen_data();
  EXPECT_TRUE(root.seen_data());
  EXPECT_EQ(outfall::to_json(root.to_json()),
            R"({"columns":{"id":{"name":"id","data_type":"bigint","nullable":true},)"
            R"("_dlt_load_id":{"name":"_dlt_load_id","data_type":"text","nullable":false},)"
            R"("_dlt_id":{"name":"_dlt_id","data_type":"text","nullable":false,"unique":true,"row_key":true}},)"
            R"("write_disposition":"append","name":"tab","resource":"tab","x-normalizer":{"seen-data":true}})");

  Table nested = Table::nested("tab__list", "tab");
  nested.columns.add(root_id_column());
  nested.columns.add(parent_id_column());
  nested.columns.add(list_idx_column());
  EXPECT_EQ(outfall::to_json(nested.to_json()),
            R"({"name":"tab__list","columns":{)"
            R"("_dlt_root_id":{"name":"_dlt_root_id","data_type":"text","nullable":false,"root_key":true},)"
            R"("_dlt_parent_id":{"name":"_dlt_parent_id","data_type":"text","nullable":false,"parent_key":true},)"
            R"("_dlt_list_idx":{"name":"_dlt_list_idx","data_type":"bigint","nullable":false}},"parent":"tab"})");

  EXPECT_EQ(outfall::to_json(variant_column(Naming(NamingConvention::snake_case), "a", DataType::double_).to_json()),
            R"({"name":"a__v_double","data_type":"double","nullable":true,"variant":true,)"
            R"("description":"Variant of column a__v_double generated by dlt"})");
  EXPECT_EQ(variant_column(Naming(NamingConvention::direct), "a", DataType::text).name, "a▶v_text");
}

TEST(Schema, AColumnSaysThatItMayBeNullOnceItHasAType) {
  Column gone;
  gone.name = "gone";
  gone.hard_delete = true;
  EXPECT_EQ(outfall::to_json(gone.to_json()), R"({"name":"gone","hard_delete":true})");
  Result<Column> read = Column::parse("gone", gone.to_json());
  ASSERT_TRUE(read);
  read->type = DataType::bool_;
  EXPECT_EQ(outfall::to_json(read->to_json()),
            R"({"name":"gone","hard_delete":true,"data_type":"bool","nullable":true})");
}

TEST(Schema, UnknownKeysAndSpelledOutDefaultsStay) {
  const std::string text =
      R"({"x-first":[1,{"z":null}],"version":3,"version_hash":"h","engine_version":11,"name":"s","tables":{"t":{"x-a":1.50,)"
      R"("columns":{"c":{"x-mask":{"b":1,"a":2},"nullable":null,"unique":false,"name":"c","precision":null},)"
      R"("d":{"name":"d","nullable":true,"merge_key":true}},"name":"t","parent":null,"references":[]}},)"
      R"("settings":{"schema_contract":"freeze"},"normalizers":{"names":"direct","x":[]},"description":"mine"})";
  Schema schema = Schema::parse(text).value();
  EXPECT_EQ(schema.to_json(), to_json(parse_json(text).value()));
  schema.tables.find("t")->columns.find("d")->nullable = false;
  EXPECT_THAT(schema.to_json(), HasSubstr(R"("d":{"name":"d","nullable":false,"merge_key":true})"));
  EXPECT_THAT(schema.to_json(), HasSubstr(R"("c":{"x-mask":{"b":1,"a":2},"nullable":null,"unique":false,"name":"c")"));
}

TEST(Schema, NormalizerConfiguration) {
  Schema schema = event_schema();
  EXPECT_FALSE(schema.propagates_root_id("a"));
  schema.set_max_nesting(1);
  schema.propagate_root_id("a");
  schema.propagate_root_id("b");
  EXPECT_TRUE(schema.propagates_root_id("a"));
  EXPECT_EQ(schema.max_nesting(), 1);
  EXPECT_EQ(
      outfall::to_json(schema.normalizers),
      R"({"names":"snake_case","json":{"module":"dlt.common.normalizers.json.relational","config":{"max_nesting":1,)"
      R"("propagation":{"tables":{"a":{"_dlt_id":"_dlt_root_id"},"b":{"_dlt_id":"_dlt_root_id"}}}}}})");
  schema.normalizers.set("names", "dlt.common.normalizers.naming.sql_ci_v1");
  EXPECT_EQ(schema.naming(), NamingConvention::sql_ci_v1);
  schema.normalizers.set("names", "my.own.naming");
  EXPECT_THAT(schema.naming().error().message, HasSubstr("my.own.naming"));
}

TEST(Schema, RootOf) {
  Schema schema = event_schema();
  schema.tables.add(Table::root("a", "append", "a"));
  schema.tables.add(Table::nested("a__b", "a"));
  schema.tables.add(Table::nested("a__b__c", "a__b"));
  EXPECT_EQ(schema.root_of("a__b__c"), "a");
  EXPECT_EQ(schema.root_of("a"), "a");
  EXPECT_EQ(schema.root_of("none"), "none");
}

TEST(Schema, ABrokenDocumentIsAnErrorThatNamesThePlace) {
  EXPECT_THAT(error_of("{"), HasSubstr("not JSON"));
  EXPECT_THAT(error_of("[]"), HasSubstr("array where an object belongs"));
  EXPECT_THAT(error_of("{}"), HasSubstr("\"name\""));
  const auto with = [](std::string_view key, std::string_view value) {
    Json document = event_schema().document();
    document.set(key, parse_json(value).value());
    return error_of(to_json(document));
  };
  EXPECT_EQ(with("description", "1"), "no error");
  EXPECT_THAT(with("engine_version", "10"), HasSubstr("engine version 10 is not 11"));
  EXPECT_THAT(with("version", "\"1\""), HasSubstr("\"version\" is string"));
  EXPECT_THAT(with("version", "0"), HasSubstr("out of range"));
  EXPECT_THAT(with("settings", "null"), HasSubstr("\"settings\""));
  EXPECT_THAT(with("previous_hashes", "[1]"), HasSubstr("previous_hashes"));
  EXPECT_THAT(with("tables", "[]"), HasSubstr("\"tables\""));
  EXPECT_THAT(with("tables", R"({"t":{"name":"u","columns":{}}})"), HasSubstr("table \"t\""));
  EXPECT_THAT(with("tables", R"({"t":{"name":"t"}})"), HasSubstr("\"columns\""));
  EXPECT_THAT(with("tables", R"({"t":{"name":"t","columns":{"c":{"name":"c","data_type":"complex"}}}})"),
              HasSubstr("table \"t\": column \"c\": data type \"complex\""));
  EXPECT_THAT(with("tables", R"({"t":{"name":"t","columns":{"c":{"name":"c","precision":-1}}}})"),
              HasSubstr("\"precision\" is -1"));
  EXPECT_THAT(with("tables", R"({"t":{"name":"t","columns":{"c":null}}})"), HasSubstr("column \"c\""));
  EXPECT_THAT(with("tables", R"({"t":{"name":"t","parent":"u","columns":{}}})"), HasSubstr("parent \"u\" is missing"));
  EXPECT_THAT(
      with("tables", R"({"t":{"name":"t","parent":"u","columns":{}},"u":{"name":"u","parent":"t","columns":{}}})"),
      HasSubstr("its own ancestor"));
}

TEST(Schema, DefaultName) {
  EXPECT_EQ(default_schema_name("quack_pipeline"), "quack");
  EXPECT_EQ(default_schema_name("GitHub Events"), "git_hub_events");
  EXPECT_EQ(default_schema_name("_pipeline"), "_empty");
  EXPECT_EQ(default_schema_name(std::string(200, 'a')).size(), 64U);
}

}  // namespace
}  // namespace outfall::schema
