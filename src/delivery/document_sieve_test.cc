// SPDX-License-Identifier: Apache-2.0
//
// Which documents are refused, against a database that names rows and one that does not.
#include "delivery/document_sieve.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "base/scratch_folder.h"
#include "delivery/database_load.h"
#include "delivery/package_testing.h"
#include "delivery/refusals_testing.h"
#include "sql/passed_on_for_tests.h"
#include "sql/sqlite_connection.h"

namespace outfall::delivery {
namespace {

using sql::for_tests::Column;
using testing::ElementsAre;
using testing::HasSubstr;

/// Passes everything on, but for which row it was.
class Silent final : public sql::for_tests::PassedOn {
 public:
  using PassedOn::PassedOn;
  Result<std::uint64_t> insert_stream(const sql::TableName& table, const sql::InsertColumns& columns,
                                      ArrowArrayStream* stream) override {
    ++inserts;
    return PassedOn::insert_stream(table, columns, stream);
  }
  std::optional<sql::RefusedRow> refused_row() const override {
    std::optional<sql::RefusedRow> refused = PassedOn::refused_row();
    if (refused) refused->row.reset();
    return refused;
  }

  int inserts = 0;
};

/// Values of the root row and of the rows that are nested in it. Each may be in its table once.
struct Document {
  std::int64_t v = 0;
  std::vector<std::int64_t> nested{};
};

class Sieve : public testing::Test {
 protected:
  void SetUp() override {
    auto connection = sql::open_sqlite({.path = folder_ / "data.db"});
    ASSERT_TRUE(connection) << connection.error().message;
    connection_ = std::move(*connection);
    declare(schema::Table::root("t", "append", "t"));
    declare(schema::Table::nested("t__a", "t"));
  }
  void declare(schema::Table table) {
    schema::Column column;
    column.name = "v";
    column.type = DataType::bigint;
    table.columns.add(column);
    table.columns.add(schema::id_column());
    if (!table.parent.empty()) table.columns.add(schema::parent_id_column());
    table.mark_seen_data();
    schema_.tables.add(std::move(table));
    schema_.bump();
  }
  void seal(const std::vector<Document>& documents) {
    std::vector<std::optional<std::int64_t>> values;
    std::vector<std::optional<std::string>> ids;
    std::vector<std::optional<std::int64_t>> nested;
    std::vector<std::optional<std::string>> nested_ids;
    std::vector<std::optional<std::string>> parents;
    for (const Document& document : documents) {
      ids.push_back(std::to_string(ids.size()));
      values.emplace_back(document.v);
      for (const std::int64_t value : document.nested) {
        nested.emplace_back(value);
        nested_ids.push_back("n" + std::to_string(nested_ids.size()));
        parents.push_back(ids.back());
      }
    }
    std::vector<TableRows> tables{{"t", {Column::fixed<std::int64_t>("v", "l", values), Column::text("_dlt_id", ids)}}};
    if (!nested.empty()) {
      tables.push_back({"t__a",
                        {Column::fixed<std::int64_t>("v", "l", nested), Column::text("_dlt_id", nested_ids),
                         Column::text("_dlt_parent_id", parents)}});
    }
    package_ = write_package(folder_.path(), fmt::format("1.{}", ++loads_), schema_, std::move(tables));
    package_.dataset = "main";
  }
  LoadRequest request() {
    return {.package = package_,
            .schema = schema_,
            .folder = folder_ / package_.load_id,
            .progress = {},
            .refusals = &told_,
            .stop = {}};
  }
  /// Makes the tables, in which each value can be once from here on.
  LoadSummary make_tables() {
    const Result<LoadSummary> summary = migrate(*connection_, request(), env_);
    EXPECT_TRUE(summary) << summary.error().message;
    for (const char* table : {"t", "t__a"}) {
      (void)connection_->execute(fmt::format("CREATE UNIQUE INDEX IF NOT EXISTS once_{0} ON {0} (v)", table));
    }
    return *summary;
  }
  std::vector<std::uint64_t> load(sql::Connection& connection) {
    const LoadSummary summary = make_tables();
    const Result<LoadSummary> loaded = load_rows(connection, request(), summary, env_);
    EXPECT_TRUE(loaded) << loaded.error().message;
    std::vector<std::uint64_t> refused;
    for (const RefusedDocument& document : told_.documents) refused.push_back(document.row);
    return refused;
  }
  std::string one(const std::string& query) { return connection_->rows(query).value().at(0).at(0).value(); }

  ScratchFolder folder_;
  std::unique_ptr<sql::Connection> connection_;
  schema::Schema schema_ = schema::Schema::make("s", NamingConvention::snake_case);
  ledger::PackageRecord package_;
  ToldRefusals told_;
  FixedEnv env_;
  int loads_ = 4;
};

/// Documents of few values, so that many are in each other's way.
std::vector<Document> draw(std::mt19937& random) {
  std::vector<Document> documents(random() % 40 + 1);
  for (Document& document : documents) {
    document.v = static_cast<std::int64_t>(random() % 60);
    for (std::uint64_t left = random() % 3; left > 0; --left)
      document.nested.push_back(static_cast<std::int64_t>(random() % 80));
  }
  return documents;
}

/// One after the other: whose values are all free takes them.
std::vector<std::uint64_t> expected(const std::vector<Document>& documents) {
  std::set<std::int64_t> roots;
  std::set<std::int64_t> nested;
  std::vector<std::uint64_t> refused;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    const std::set<std::int64_t> own(documents[i].nested.begin(), documents[i].nested.end());
    const bool is_free = !roots.contains(documents[i].v) && own.size() == documents[i].nested.size() &&
                         std::ranges::none_of(own, [&](std::int64_t value) { return nested.contains(value); });
    if (!is_free) {
      refused.push_back(i);
      continue;
    }
    roots.insert(documents[i].v);
    nested.insert(own.begin(), own.end());
  }
  return refused;
}

TEST_F(Sieve, EachDocumentIsHeldAgainstThoseBeforeIt) {
  std::mt19937 random(7);
  for (int i = 0; i < 60; ++i) {
    const std::vector<Document> documents = draw(random);
    seal(documents);
    Silent silent(*connection_);
    EXPECT_EQ(load(i % 2 == 0 ? static_cast<sql::Connection&>(silent) : *connection_), expected(documents)) << i;
    EXPECT_EQ(one("SELECT count(*) FROM t"), std::to_string(documents.size() - told_.documents.size()));
    (void)connection_->execute("DELETE FROM t");
    (void)connection_->execute("DELETE FROM t__a");
  }
}

TEST_F(Sieve, OneOfManyIsFoundByHalves) {
  std::vector<Document> documents(1000);
  for (std::size_t i = 0; i < documents.size(); ++i) documents[i].v = static_cast<std::int64_t>(i);
  documents[617].v = 5;
  seal(documents);
  Silent silent(*connection_);
  EXPECT_THAT(load(silent), ElementsAre(617));
  EXPECT_LE(silent.inserts, 24) << "one for all, and two for each half";
}

TEST_F(Sieve, IsNotTriedForEver) {
  seal({{1}, {1}, {1}, {1}, {1}});
  const LoadSummary summary = make_tables();
  const LoadRequest asked = request();
  const std::vector<const schema::Table*> roots{schema_.tables.find("t")};
  auto sieve = DocumentSieve::make(asked, roots, summary, connection_->dialect(), {.pieces = 4});
  ASSERT_TRUE(sieve) << sieve.error().message;
  auto transaction = sql::Transaction::begin(*connection_);
  const Status inserted = sieve->insert(*transaction, [&](DocumentJob& job, const std::vector<RowRange>& rows) {
    ArrowArrayStream stream{};
    EXPECT_TRUE(job.rows.stream(rows, &stream));
    return transaction->insert_stream({.catalog = "", .schema = "main", .table = "t"}, {job.columns}, &stream);
  });
  ASSERT_FALSE(inserted);
  const Status learnt = sieve->learn(inserted.error(), *connection_);
  ASSERT_FALSE(learnt);
  EXPECT_THAT(learnt.error().message, HasSubstr("documents refused so far, and there are more: 4 pieces were tried"));
  EXPECT_THAT(learnt.error().hint, HasSubstr("outfall package drop"));
}

TEST_F(Sieve, ManyThatAreTooManyEndItEarly) {
  std::vector<Document> documents(6000, Document{.v = 1});
  seal(documents);
  told_.most = 600;
  const LoadSummary summary = make_tables();
  Silent counting(*connection_);
  const Result<LoadSummary> loaded = load_rows(counting, request(), summary, env_);
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr("1024 are too many, the first: the table t refuses it: UNIQUE"));
  EXPECT_EQ(one("SELECT count(*) FROM t"), "0");
}

}  // namespace
}  // namespace outfall::delivery
