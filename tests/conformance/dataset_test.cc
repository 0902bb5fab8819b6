// SPDX-License-Identifier: Apache-2.0
//
// What a Dataset says of tables and loads, and whose rows it gives.
#include "outfall/dataset.h"

#include "conformance.h"

namespace outfall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class DatasetTest : public Conformance {
 protected:
  /// Two loads: a root table of two rows with a nested one each, and three more rows.
  void fill() {
    declare({.name = "t"});
    declare({.name = "t__items", .parent = "t"});
    schema_.tables.find("t")->columns.add(schema::load_id_column());
    schema_.tables.find("t__items")->columns.add(schema::parent_id_column());
    schema_.bump();
    load_rows({1, 2}, "a");
    load_rows({3, 4, 5}, "b");
    destination_->close();
  }

  void load_rows(const std::vector<std::int64_t>& values, const std::string& prefix) {
    const std::string load_id = fmt::format("1700000000.{}", loads_ + 1);
    std::vector<std::optional<std::int64_t>> numbers(values.begin(), values.end());
    std::vector<std::optional<std::string>> ids, item_ids, loads;
    for (std::size_t i = 0; i < values.size(); ++i) {
      ids.push_back(fmt::format("{}{}", prefix, i));
      item_ids.push_back(fmt::format("{}item{}", prefix, i));
      loads.push_back(load_id);
    }
    must_load(package({{"t", {Column::fixed<std::int64_t>("v", "l", numbers), Column::text("_dlt_id", ids),
                              Column::text("_dlt_load_id", loads)}},
                       {"t__items", {Column::fixed<std::int64_t>("v", "l", numbers), Column::text("_dlt_id", item_ids),
                                     Column::text("_dlt_parent_id", ids)}}}));
  }

  Dataset open(QueryAccess access = QueryAccess::read_only) {
    auto opened = Dataset::open({.destination = destination_->address(), .dataset = "data set", .access = access});
    if (!opened) ADD_FAILURE() << opened.error().message;
    return std::move(*opened);
  }
  static std::vector<std::int64_t> values(Dataset& dataset, std::string_view table,
                                          const std::vector<std::string>& load_ids) {
    auto cursor = dataset.table(table, load_ids);
    EXPECT_TRUE(cursor) << cursor.error().message;
    std::vector<std::int64_t> found;
    if (!cursor) return found;
    const auto rows = cursor->fetchall();
    for (std::size_t i = 0; i < rows->size(); ++i) found.push_back((*rows)[i].get<std::int64_t>("v").value_or(-1));
    std::ranges::sort(found);
    return found;
  }
};

TEST_P(DatasetTest, NamesTablesAndCountsRows) {
  fill();
  Dataset dataset = open();
  std::vector<std::pair<std::string, std::string>> tables;
  const auto found = dataset.tables();
  ASSERT_TRUE(found) << found.error().message;
  for (const DatasetTable& table : *found) tables.emplace_back(table.name, table.parent);
  EXPECT_THAT(tables, ElementsAre(Pair("t", ""), Pair("t__items", "t")));
  const auto counted = [&](const RowCountOptions& options) {
    std::vector<std::pair<std::string, std::uint64_t>> rows;
    const auto counts = dataset.row_counts(options);
    EXPECT_TRUE(counts) << counts.error().message;
    for (const TableRowCount& one : *counts) rows.emplace_back(one.table, one.rows);
    return rows;
  };
  EXPECT_THAT(counted({}), ElementsAre(Pair("t", 5), Pair("t__items", 5)));
  EXPECT_THAT(counted({.load_id = "1700000000.1"}), ElementsAre(Pair("t", 2), Pair("t__items", 2)));
  EXPECT_THAT(counted({.tables = {"_dlt_loads"}}), ElementsAre(Pair("_dlt_loads", 2)));
  const auto missing = dataset.row_counts({.tables = {"nowhere"}});
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("the dataset data set has no table nowhere"));
}

TEST_P(DatasetTest, GivesTheRowsOfSomeLoads) {
  fill();
  Dataset dataset = open();
  EXPECT_THAT(values(dataset, "t", {}), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(values(dataset, "t", {"1700000000.2"}), ElementsAre(3, 4, 5));
  EXPECT_THAT(values(dataset, "t__items", {"1700000000.1", "1.1"}), ElementsAre(1, 2));
  const auto unknown = dataset.table("_dlt_version", std::vector<std::string>{"1700000000.1"});
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("does not say which load its rows are of"));
}

TEST_P(DatasetTest, LoadsReachOneStatusAfterTheOther) {
  fill();
  Dataset dataset = open(QueryAccess::write);
  EXPECT_THAT(dataset.load_ids().value(), ElementsAre("1700000000.1", "1700000000.2"));
  EXPECT_EQ(dataset.latest_load_id().value(), "1700000000.2");
  EXPECT_EQ(dataset.advance_load("1700000000.1")->status, 1);
  EXPECT_EQ(dataset.advance_load("1700000000.1", 4)->status, 4);
  const auto back = dataset.advance_load("1700000000.1", 4);
  ASSERT_FALSE(back);
  EXPECT_THAT(back.error().message, HasSubstr("has reached status 4"));
  std::vector<std::pair<std::string, std::int64_t>> there;
  const auto loads = dataset.loads();
  ASSERT_TRUE(loads) << loads.error().message;
  for (const LoadRecord& load : *loads) {
    there.emplace_back(load.load_id, load.status);
    EXPECT_EQ(load.schema_name, "suite");
    EXPECT_EQ(load.schema_version_hash, schema_.version_hash);
  }
  EXPECT_THAT(there, ElementsAre(Pair("1700000000.1", 0), Pair("1700000000.1", 1), Pair("1700000000.1", 4),
                                 Pair("1700000000.2", 0)));
  EXPECT_THAT(dataset.load_ids().value(), ElementsAre("1700000000.1", "1700000000.2"));
}

TEST_P(DatasetTest, IsNoneWhereNothingWasLoaded) {
  auto client = SqlClient::open({.destination = destination_->address(), .access = QueryAccess::write});
  ASSERT_TRUE(client) << client.error().message;
  ASSERT_TRUE(client->execute_sql("CREATE TABLE own (id BIGINT)"));
  const auto opened = Dataset::open({.destination = destination_->address()});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().blame, Blame::usage);
  EXPECT_THAT(opened.error().hint, HasSubstr("load something into it first"));
}

INSTANTIATE_TEST_SUITE_P(Databases, DatasetTest, databases, name_of);

}  // namespace
}  // namespace outfall
