// SPDX-License-Identifier: Apache-2.0
//
// One suite that every destination passes. A destination only states how it differs (Quirks).
#include <algorithm>

#include "conformance.h"
#include "destinations/null/null_destination.h"

namespace outfall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

TEST_P(Conformance, AppendsAndCounts) {
  declare({.name = "t"});
  auto first = load(package({{"t", rows("v", {1, 2})}}));
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->rows, 2u);
  ASSERT_EQ(first->tables.size(), 1u);
  EXPECT_EQ(first->tables[0].created, keeps_rows());
  auto second = load(package({{"t", rows("v", {3, std::nullopt})}}));
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_FALSE(second->tables.at(0).created);
  if (!keeps_rows()) return;
  EXPECT_THAT(values("t", "v"), ElementsAre("1", "2", "3", "NULL"));
  EXPECT_THAT(recorded_loads(), UnorderedElementsAre("1700000000.1", "1700000000.2"));
  if (GetParam().read) return;
  EXPECT_THAT(query("SELECT load_id FROM _dlt_loads WHERE status = 0 ORDER BY 1"),
              ElementsAre("1700000000.1", "1700000000.2"));
  EXPECT_THAT(query("SELECT version_hash FROM _dlt_version"), ElementsAre(schema_.version_hash));
}

TEST_P(Conformance, LoadsAPackageOnce) {
  declare({.name = "t"});
  auto record = package({{"t", rows("v", {1})}});
  EXPECT_FALSE(destination_->has_load(record.dataset, record.load_id).value());
  EXPECT_THAT(destination_->recorded_loads(record.dataset, "", delivery::Inspection::before_a_load).value(), IsEmpty());
  must_load(record);
  EXPECT_EQ(destination_->has_load(record.dataset, record.load_id).value(), keeps_rows());
  const auto schemas = destination_->stored_schemas(record.dataset, delivery::Inspection::only_look);
  EXPECT_THAT(schemas.value(), SizeIs(keeps_rows() ? 1 : 0));
  const std::vector<std::string> recorded{record.load_id};
  EXPECT_EQ(destination_->recorded_loads(record.dataset, "", delivery::Inspection::only_look).value(),
            keeps_rows() ? recorded : std::vector<std::string>());
  auto again = load(record);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->found_loaded, keeps_rows());
  if (keeps_rows()) {
    EXPECT_THAT(values("t", "v"), ElementsAre("1"));
  }
}

TEST_P(Conformance, RefusesOtherRowsThanWereSealed) {
  declare({.name = "t"});
  auto record = package({{"t", rows("v", {1, 2})}});
  record.jobs[0].rows = 3;
  ASSERT_FALSE(load(record));
  EXPECT_FALSE(destination_->has_load(record.dataset, record.load_id).value());
  if (keeps_rows()) {
    EXPECT_THAT(values("t", "v"), IsEmpty());
  }
}

TEST_P(Conformance, AFailingInsertLeavesNothingVisible) {
  if (!keeps_rows() || GetParam().null_refused.empty()) return;  // nothing to look at afterwards, or nothing fails
  declare({.name = "a"});
  declare({.name = "b"});
  auto record = package({{"a", rows("v", {1})},
                         {"b", {Column::fixed<std::int64_t>("v", "l", {1}), Column::text("_dlt_id", {std::nullopt})}}});
  auto done = load(record);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr(GetParam().null_refused));
  EXPECT_THAT(query("SELECT count(*) FROM a"), ElementsAre("0"));
  EXPECT_THAT(query("SELECT count(*) FROM _dlt_loads"), ElementsAre("0"));
  must_load(package({{"a", rows("v", {1})}}));
  EXPECT_THAT(query("SELECT count(*) FROM a"), ElementsAre("1"));
}

TEST_P(Conformance, ReplaceEmptiesTheWholeChain) {
  if (!keeps_rows()) return;  // there is nothing to look at afterwards
  declare({.name = "t"});
  declare({.name = "t__items", .parent = "t"});
  declare({.name = "t__items__tags", .parent = "t__items"});
  declare({.name = "other"});
  must_load(package({{"t", rows("v", {1})},
                     {"t__items", rows("v", {2})},
                     {"t__items__tags", rows("v", {3})},
                     {"other", rows("v", {4})}}));
  auto replacing = package({{"t", rows("v", {5})}});
  replacing.replaced = {"t"};
  must_load(replacing);
  EXPECT_THAT(values("t", "v"), ElementsAre("5"));
  EXPECT_THAT(values("t__items", "v"), IsEmpty());
  EXPECT_THAT(values("t__items__tags", "v"), IsEmpty());
  EXPECT_THAT(values("other", "v"), ElementsAre("4"));
  auto emptying = package({});
  emptying.replaced = {"t"};
  must_load(emptying);
  EXPECT_THAT(values("t", "v"), IsEmpty());
}

TEST_P(Conformance, NewColumnsAreAdded) {
  if (!keeps_rows()) return;  // there is nothing to look at afterwards
  declare({.name = "t"});
  must_load(package({{"t", rows("v", {1})}}));
  schema::Column late;
  late.name = "late";
  late.type = DataType::text;
  schema_.tables.find("t")->columns.add(late);
  schema_.bump();
  auto columns = rows("v", {2});
  columns.push_back(Column::text("late", {"here"}));
  auto done = load(package({{"t", columns}}));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(done->tables.at(0).new_columns, ElementsAre("late"));
  EXPECT_THAT(values("t", "late"), ElementsAre("NULL", "here"));
  if (GetParam().read) return;
  EXPECT_THAT(query("SELECT count(*) FROM _dlt_version"), ElementsAre("2"));
}

TEST_P(Conformance, AnyNameArrives) {
  std::vector<TableRows> jobs;
  std::vector<std::string> names{"select", "weird \"name\"", "x\"; DROP TABLE y; --", "naïve 🦚", "a.b", "'"};
  for (const std::string& name : names) {
    declare({.name = name, .parent = "", .column = name});
    jobs.push_back({.table = name, .columns = rows(name, {1})});
  }
  auto done = load(package(std::move(jobs)));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->rows, names.size());
}

TEST_P(Conformance, RemembersSchemaForTheNextRun) {
  declare({.name = "t"});
  delivery::DatasetKey key{.dataset = "data set", .schema_name = "suite", .pipeline = "p"};
  EXPECT_FALSE(destination_->inspect(key).value().has_value());
  auto record = package({{"t", rows("v", {1})}});
  must_load(record);
  auto found = destination_->inspect(key);
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->has_value(), keeps_rows());
  if (!keeps_rows()) return;
  ASSERT_TRUE((*found)->schema);
  EXPECT_EQ((*found)->schema->document, record.schema);
  EXPECT_EQ((*found)->schema->version_hash, schema_.version_hash);
  EXPECT_FALSE((*found)->state);
}

/// Rows of a table that is merged by `id`, with a nested one.
class Merges : public Conformance {
 protected:
  /// The table t (id, v) with the nested table t__items (v).
  void declare_merged(MergeStrategy strategy) {
    declare({.name = "t"});
    declare({.name = "t__items", .parent = "t"});
    schema::Table& root = *schema_.tables.find("t");
    root.write_disposition = name(WriteDisposition::merge);
    root.stored.set("x-merge-strategy", std::string(name(strategy)));
    add(root, "id", DataType::bigint).primary_key = true;
    schema::Table& nested = *schema_.tables.find("t__items");
    nested.columns.add(schema::parent_id_column());
  }
  static schema::Column& add(schema::Table& table, const std::string& name, DataType type) {
    schema::Column column;
    column.name = name;
    column.type = type;
    return table.columns.add(std::move(column));
  }

  struct Row {
    std::int64_t id;
    std::optional<std::int64_t> v;
    std::vector<std::int64_t> items{};
    std::optional<bool> is_gone{};
  };

  /// Row ids are `<load>.<place>`.
  ledger::PackageRecord merged(const std::vector<Row>& rows) {
    std::vector<std::optional<std::int64_t>> ids;
    std::vector<std::optional<std::int64_t>> values;
    std::vector<std::optional<bool>> gone;
    std::vector<std::optional<std::string>> row_ids;
    std::vector<std::optional<std::string>> parents;
    std::vector<std::optional<std::int64_t>> items;
    std::vector<std::optional<std::string>> item_ids;
    for (const Row& row : rows) {
      row_ids.push_back(fmt::format("{}.{}", loads_, row_ids.size()));
      ids.emplace_back(row.id);
      values.push_back(row.v);
      gone.push_back(row.is_gone);
      for (const std::int64_t item : row.items) {
        item_ids.push_back(fmt::format("{}.n{}", loads_, item_ids.size()));
        items.emplace_back(item);
        parents.push_back(row_ids.back());
      }
    }
    std::vector<Column> columns{Column::fixed<std::int64_t>("v", "l", values), Column::text("_dlt_id", row_ids),
                                Column::fixed<std::int64_t>("id", "l", ids)};
    if (schema_.tables.find("t")->columns.find("gone") != nullptr) columns.push_back(Column::boolean("gone", gone));
    std::vector<TableRows> jobs{{"t", std::move(columns)}};
    if (!items.empty()) {
      jobs.push_back({"t__items",
                      {Column::fixed<std::int64_t>("v", "l", items), Column::text("_dlt_id", item_ids),
                       Column::text("_dlt_parent_id", parents)}});
    }
    return package(std::move(jobs));
  }

  delivery::MergeCounts merge(const std::vector<Row>& rows) {
    const Result<LoadSummary> done = load(merged(rows));
    EXPECT_TRUE(done) << done.error().message;
    if (!done) return {};
    const auto table = std::ranges::find(done->tables, "t", &delivery::TableLoad::table);
    return table->merged.value_or(delivery::MergeCounts{});
  }

  std::vector<std::string> roots() { return texts("SELECT id, v FROM t ORDER BY id, v"); }
  std::vector<std::string> items() {
    return texts("SELECT t.id, n.v FROM t__items AS n JOIN t ON t._dlt_id = n._dlt_parent_id ORDER BY t.id, n.v");
  }
  std::vector<std::string> texts(const std::string& sql) {
    auto cursor = destination_->query({.sql = sql, .dataset = "data set"});
    if (!cursor) return {cursor.error().message};
    std::vector<std::string> out;
    sql::TextRow row;
    while ((*cursor)->next(row).value_or(false)) {
      out.push_back(row.at(0).value_or("NULL") + "=" + row.at(1).value_or("NULL"));
    }
    return out;
  }
};

TEST_P(Merges, DeleteInsertPutsRowsInThePlaceOfThoseWithTheirKey) {
  declare_merged(MergeStrategy::delete_insert);
  merge({{1, 10, {100, 101}}, {2, 20, {200}}});
  const delivery::MergeCounts counts = merge({{2, 21, {201, 202}}, {3, 30}});
  EXPECT_THAT(roots(), ElementsAre("1=10", "2=21", "3=30"));
  EXPECT_THAT(items(), ElementsAre("1=100", "1=101", "2=201", "2=202"));
  EXPECT_THAT(query("SELECT count(*) FROM t__items"), ElementsAre("4")) << "no row is left without its parent";
  EXPECT_EQ(counts.removed, 1u);
  EXPECT_EQ(counts.inserted, 2u);
  EXPECT_EQ(counts.duplicates, 0u);
}

TEST_P(Merges, UpsertMakesThemTheNewRows) {
  declare_merged(MergeStrategy::upsert);
  merge({{1, 10, {100}}, {2, 20, {200, 201}}});
  const delivery::MergeCounts counts = merge({{2, std::nullopt, {202}}, {3, 30, {300}}});
  EXPECT_THAT(roots(), ElementsAre("1=10", "2=NULL", "3=30"));
  EXPECT_THAT(items(), ElementsAre("1=100", "2=202", "3=300"));
  EXPECT_EQ(counts.updated, 1u);
  EXPECT_EQ(counts.inserted, 1u);
}

TEST_P(Merges, InsertOnlyLeavesThemAsTheyAre) {
  declare_merged(MergeStrategy::insert_only);
  merge({{1, 10, {100}}});
  const delivery::MergeCounts counts = merge({{1, 11, {101}}, {2, 20, {200}}});
  EXPECT_THAT(roots(), ElementsAre("1=10", "2=20"));
  EXPECT_THAT(items(), ElementsAre("1=100", "2=200"));
  EXPECT_EQ(query("SELECT count(*) FROM t__items").front(), "2");
  EXPECT_EQ(counts.inserted, 1u);
}

TEST_P(Merges, OfSeveralRowsWithOneKeyTheLastOneCounts) {
  for (const MergeStrategy strategy :
       {MergeStrategy::delete_insert, MergeStrategy::upsert, MergeStrategy::insert_only}) {
    schema_ = schema::Schema::make("suite", NamingConvention::snake_case);
    declare_merged(strategy);
    const std::int64_t id = static_cast<std::int64_t>(strategy) * 10;
    const delivery::MergeCounts counts = merge({{id, 1, {1}}, {id + 1, 5}, {id, 2, {2}}, {id, 3, {3}}});
    EXPECT_EQ(counts.duplicates, 2u) << name(strategy);
    EXPECT_THAT(texts(fmt::format("SELECT id, v FROM t WHERE id = {}", id)), ElementsAre(fmt::format("{}=3", id)));
  }
  EXPECT_THAT(query("SELECT v FROM t__items"), ElementsAre("3", "3", "3"));
}

TEST_P(Merges, OrTheFirstInAnOrderThatWasAskedFor) {
  declare_merged(MergeStrategy::delete_insert);
  schema_.tables.find("t")->columns.find("v")->dedup_sort = "desc";
  merge({{1, 5}, {1, 9}, {1, 7}});
  EXPECT_THAT(roots(), ElementsAre("1=9"));
}

TEST_P(Merges, RowsThatSayTheyAreGoneDeleteWhatHasTheirKey) {
  for (const MergeStrategy strategy : {MergeStrategy::delete_insert, MergeStrategy::upsert}) {
    schema_ = schema::Schema::make("suite", NamingConvention::snake_case);
    declare_merged(strategy);
    add(*schema_.tables.find("t"), "gone", DataType::bool_).hard_delete = true;
    merge({{1, 10, {100}}, {2, 20, {200}}, {3, 30}});
    merge({{.id = 1, .v = 11, .items = {101}, .is_gone = true},
           {.id = 2, .v = 21, .is_gone = false},
           {.id = 9, .v = 90, .is_gone = true}});
    EXPECT_THAT(roots(), ElementsAre("2=21", "3=30")) << name(strategy);
    EXPECT_THAT(query("SELECT count(*) FROM t__items"), ElementsAre("0")) << name(strategy);
  }
}

TEST_P(Merges, AMergeKeyDeletesAllRowsThatHaveIt) {
  declare_merged(MergeStrategy::delete_insert);
  schema::Table& table = *schema_.tables.find("t");
  table.columns.find("id")->primary_key = false;
  table.columns.find("v")->merge_key = true;
  merge({{1, 7}, {2, 7}, {3, 8}, {4, std::nullopt}});
  merge({{5, 7}, {6, 7}, {7, std::nullopt}});
  EXPECT_THAT(texts("SELECT id, v FROM t ORDER BY id"), ElementsAre("3=8", "5=7", "6=7", "7=NULL"));
}

TEST_P(Merges, AFailedMergeLeavesEverythingAsItWas) {
  declare_merged(MergeStrategy::upsert);
  merge({{1, 10}});
  ledger::PackageRecord record = merged({{1, 11}, {2, 20}});
  record.jobs[0].rows = 3;
  ASSERT_FALSE(load(record));
  EXPECT_THAT(roots(), ElementsAre("1=10"));
  merge({{1, 12}});
  EXPECT_THAT(roots(), ElementsAre("1=12"));
}

TEST_P(Merges, WithoutAKeyIsRefused) {
  declare_merged(MergeStrategy::upsert);
  schema_.tables.find("t")->columns.find("id")->primary_key = false;
  const auto refused = load(merged({{1, 10}}));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("no primary key"));
}

const auto forgetting = testing::Values(Quirks{.name = "null",
                                               .make = [](const std::string&) -> std::unique_ptr<Destination> {
                                                 return std::make_unique<destinations::null::NullDestination>();
                                               },
                                               .keeps_rows = false});

INSTANTIATE_TEST_SUITE_P(Databases, Conformance, databases, name_of);
INSTANTIATE_TEST_SUITE_P(Own, Conformance, own_destinations, name_of);
INSTANTIATE_TEST_SUITE_P(Others, Conformance, forgetting, name_of);
INSTANTIATE_TEST_SUITE_P(Databases, Merges, databases, name_of);

}  // namespace
}  // namespace outfall
