// SPDX-License-Identifier: Apache-2.0
//
// What every database does with documents that it refuses: the others go in, whatever becomes of the rows.
#include <algorithm>

#include "conformance.h"
#include "delivery/refusals_testing.h"

namespace outfall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

struct Document {
  std::optional<std::int64_t> id;
  std::int64_t v;
  std::vector<std::int64_t> items{};
};

/// The table t (id, v) with the nested table t__items (v). Of v a table has each value once.
class Refused : public Conformance {
 protected:
  void declare_tables() {
    declare({.name = "t"});
    declare({.name = "t__items", .parent = "t"});
    schema::Column id;
    id.name = "id";
    id.type = DataType::bigint;
    schema_.tables.find("t")->columns.add(id);
    schema_.tables.find("t__items")->columns.add(schema::parent_id_column());
    schema_.bump();
  }
  void merge_by_id(MergeStrategy strategy) {
    schema::Table& table = *schema_.tables.find("t");
    table.write_disposition = name(WriteDisposition::merge);
    table.stored.set("x-merge-strategy", std::string(name(strategy)));
    table.columns.find("id")->primary_key = true;
    schema_.bump();
  }
  /// Loads the documents, and has each value of v only once from here on.
  void begin_with(const std::vector<Document>& documents) {
    const auto done = load_documents(documents);
    ASSERT_TRUE(done) << done.error().message;
    write("CREATE UNIQUE INDEX once ON {}t (v)");
    write("CREATE UNIQUE INDEX once_below ON {}t__items (v)");
  }
  void write(const std::string& statement) {
    const bool is_qualified = GetParam().name != "sqlite";  // an index stands where its table does
    const std::string sql = fmt::format(fmt::runtime(statement), is_qualified ? "\"data set\"." : "");
    auto cursor = destination_->query({.sql = is_qualified ? sql
                                                           : "CREATE UNIQUE INDEX \"data set\"." +
                                                                 sql.substr(std::string("CREATE UNIQUE INDEX ").size()),
                                       .dataset = "data set",
                                       .access = delivery::QueryAccess::read_write});
    ASSERT_TRUE(cursor) << cursor.error().message;
    sql::TextRow row;
    while (true) {
      const Result<bool> more = (*cursor)->next(row);
      ASSERT_TRUE(more) << more.error().message;
      if (!*more) break;
    }
  }

  ledger::PackageRecord documents(const std::vector<Document>& documents) {
    std::vector<std::optional<std::int64_t>> ids;
    std::vector<std::optional<std::int64_t>> values;
    std::vector<std::optional<std::string>> row_ids;
    std::vector<std::optional<std::int64_t>> items;
    std::vector<std::optional<std::string>> item_ids;
    std::vector<std::optional<std::string>> parents;
    for (const Document& document : documents) {
      row_ids.push_back(fmt::format("{}.{}", loads_, row_ids.size()));
      ids.push_back(document.id);
      values.emplace_back(document.v);
      for (const std::int64_t item : document.items) {
        item_ids.push_back(fmt::format("{}.n{}", loads_, item_ids.size()));
        items.emplace_back(item);
        parents.push_back(row_ids.back());
      }
    }
    std::vector<TableRows> jobs{{"t",
                                 {Column::fixed<std::int64_t>("v", "l", values), Column::text("_dlt_id", row_ids),
                                  Column::fixed<std::int64_t>("id", "l", ids)}}};
    if (!items.empty()) {
      jobs.push_back({"t__items",
                      {Column::fixed<std::int64_t>("v", "l", items), Column::text("_dlt_id", item_ids),
                       Column::text("_dlt_parent_id", parents)}});
    }
    return package(std::move(jobs));
  }
  Result<LoadSummary> load_told(const ledger::PackageRecord& package) {
    destination_->set_retry({.attempts_max = 1});
    return delivery::deliver(*destination_,
                             {.package = package,
                              .schema = schema_,
                              .folder = folder_ / package.load_id,
                              .progress = {},
                              .refusals = &told_,
                              .stop = {}},
                             {});
  }
  Result<LoadSummary> load_documents(const std::vector<Document>& some) { return load_told(documents(some)); }

  /// Merges six documents into two of which one has a key that is there, and one an item that is there.
  Result<LoadSummary> merge_some(MergeStrategy strategy) {
    declare_tables();
    merge_by_id(strategy);
    begin_with({{1, 1, {10}}, {2, 2, {20}}});
    auto done = load_documents({{3, 3, {30}}, {2, 1, {21}}, {4, 4, {40, 10}}, {5, 5, {50}}, {6, 3}, {7, 7}});
    EXPECT_THAT(values(), ElementsAre("1", "2", "3", "5", "7"));
    EXPECT_THAT(items(), ElementsAre("10", "20", "30", "50"));
    return done;
  }
  static delivery::MergeCounts counts(const LoadSummary& summary) {
    const auto table = std::ranges::find(summary.tables, "t", &delivery::TableLoad::table);
    return table->merged.value_or(delivery::MergeCounts{});
  }

  std::vector<std::string> values() { return query("SELECT v FROM t ORDER BY v"); }
  std::vector<std::string> items() {
    return query("SELECT n.v FROM t__items AS n JOIN t ON t._dlt_id = n._dlt_parent_id ORDER BY n.v");
  }

  delivery::ToldRefusals told_;
};

TEST_P(Refused, DocumentsAreLeftOutAsAWhole) {
  declare_tables();
  begin_with({{1, 1, {10}}});
  const auto done =
      load_documents({{2, 2, {20}}, {3, 1, {30}}, {4, 4, {40, 10}}, {5, 5, {50}}, {6, 2}, {7, 7, {20, 70}}, {8, 8}});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(values(), ElementsAre("1", "2", "5", "8"));
  EXPECT_THAT(items(), ElementsAre("10", "20", "50"));
  EXPECT_THAT(query("SELECT count(*) FROM t__items"), ElementsAre("3")) << "nothing is left of what is refused";
  EXPECT_THAT(told_.texts(),
              ElementsAre(Pair(1, R"({"v":1,"id":3,"items":[{"v":30}]})"),
                          Pair(2, R"({"v":4,"id":4,"items":[{"v":40},{"v":10}]})"), Pair(4, R"({"v":2,"id":6})"),
                          Pair(5, R"({"v":7,"id":7,"items":[{"v":20},{"v":70}]})")));
  EXPECT_THAT(told_.rows, UnorderedElementsAre(Pair("t", 4), Pair("t__items", 5)));
  EXPECT_TRUE(told_.is_kept);
  EXPECT_EQ(done->rows, 5u);
  for (const delivery::RefusedDocument& document : told_.documents) {
    EXPECT_EQ(document.table, "t");
    EXPECT_THAT(document.reason, HasSubstr(document.row % 3 == 1 ? "the table t refuses it: " : "the table t__items"));
  }
}

TEST_P(Refused, ThoseThatReplaceATableToo) {
  declare_tables();
  begin_with({{1, 1, {10}}, {2, 2}});
  ledger::PackageRecord replacing = documents({{3, 1, {10}}, {4, 1, {40}}, {5, 5}});
  replacing.replaced = {"t"};
  const auto done = load_told(replacing);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(query("SELECT id FROM t ORDER BY id"), ElementsAre("3", "5"));
  EXPECT_THAT(items(), ElementsAre("10"));
  EXPECT_THAT(told_.texts(), ElementsAre(Pair(1, R"({"v":1,"id":4,"items":[{"v":40}]})")));
}

TEST_P(Refused, ThoseOfAMergeLeaveWhatHasTheirKeyAsItIs) {
  const auto done = merge_some(MergeStrategy::delete_insert);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(told_.texts(),
              ElementsAre(Pair(1, R"({"v":1,"id":2,"items":[{"v":21}]})"),
                          Pair(2, R"({"v":4,"id":4,"items":[{"v":40},{"v":10}]})"), Pair(4, R"({"v":3,"id":6})")));
  EXPECT_THAT(told_.documents.at(0).reason, HasSubstr("the table t refuses it: "));
  EXPECT_THAT(told_.rows, UnorderedElementsAre(Pair("t", 3), Pair("t__items", 3)));
  EXPECT_EQ(counts(*done).inserted, 3u);
  EXPECT_EQ(counts(*done).removed, 0u);
}

TEST_P(Refused, ThoseOfAnUpsert) {
  const auto done = merge_some(MergeStrategy::upsert);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(told_.documents.size(), 3u);
  EXPECT_EQ(counts(*done).inserted, 3u);
  EXPECT_EQ(counts(*done).updated, 0u);
}

TEST_P(Refused, ThoseThatAreThereAreNotLookedAtByInsertOnly) {
  const auto done = merge_some(MergeStrategy::insert_only);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(told_.texts(),
              ElementsAre(Pair(2, R"({"v":4,"id":4,"items":[{"v":40},{"v":10}]})"), Pair(4, R"({"v":3,"id":6})")));
  EXPECT_EQ(counts(*done).inserted, 3u);
}

TEST_P(Refused, RowsOfAMergeWithoutTheirKey) {
  declare_tables();
  merge_by_id(MergeStrategy::upsert);
  begin_with({{1, 1, {10}}});
  const std::vector<Document> some{{2, 2}, {std::nullopt, 3, {30}}, {1, 4, {40}}, {std::nullopt, 5}};
  const auto done = load_documents(some);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(values(), ElementsAre("2", "4"));
  EXPECT_THAT(told_.texts(), ElementsAre(Pair(1, R"({"v":3,"items":[{"v":30}]})"), Pair(3, R"({"v":5})")));
  EXPECT_EQ(told_.documents.at(0).reason, "the table t refuses it: it has no value in the primary key (id)");

  told_.allowed = false;
  const auto failed = load_documents(some);
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("2 rows have no value in the primary key (id)"));
  EXPECT_THAT(failed.error().message, HasSubstr("the first is row 2 of the load"));
}

TEST_P(Refused, MoreThanMayBeChangeNothing) {
  declare_tables();
  begin_with({{1, 1, {10}}});
  told_.most = 1;
  const auto done = load_documents({{2, 2}, {3, 1}, {4, 1}});
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("2 are too many, the first: the table t refuses it"));
  EXPECT_FALSE(told_.is_kept);
  EXPECT_THAT(values(), ElementsAre("1"));
}

TEST_P(Refused, AFailureThatIsNoRowLeavesNothingOut) {
  declare_tables();
  begin_with({{1, 1, {10}}});
  ledger::PackageRecord record = documents({{2, 2}, {3, 1}});
  record.jobs.front().rows = 3;
  const auto done = load_told(record);
  ASSERT_FALSE(done);
  EXPECT_THAT(told_.documents, IsEmpty());
  EXPECT_THAT(values(), ElementsAre("1"));
}

INSTANTIATE_TEST_SUITE_P(Databases, Refused, databases, name_of);

}  // namespace
}  // namespace outfall
