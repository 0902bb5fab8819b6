// SPDX-License-Identifier: Apache-2.0
//
// What the suite of all destinations stands on: how each of them is made and differs, and packages to load.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/scratch_folder.h"
#include "delivery/deliver.h"
#include "delivery/package_testing.h"
#include "destinations/dataset/dataset_adapter.h"
#include "destinations/duckdb/duckdb_destination.h"
#include "destinations/postgres/postgres_destination.h"
#include "destinations/sqlite/sqlite_destination.h"
#include "engine/registry.h"
#include "sql/adbc_connection.h"

#include "../../examples/folder_destination.h"

namespace outfall {

using delivery::Destination;
using delivery::LoadSummary;
using delivery::TableRows;
using sql::for_tests::Column;

struct Quirks {
  std::string name;
  std::function<std::unique_ptr<Destination>(const std::string& folder)> make;
  bool keeps_rows = true;                 ///< what was loaded can be looked at, and loads are recorded
  std::string row_order = "rowid";        ///< sorts rows as they went in
  std::string null_refused = "NOT NULL";  ///< is said of a null where there may be none; empty: it may be anywhere
  /// The values of a column in the order of their rows, as text. Null: the destination is asked in SQL.
  std::function<std::vector<std::string>(const std::string& folder, const std::string& table,
                                         const std::string& column)>
      read{};
};

inline void PrintTo(const Quirks& quirks, std::ostream* out) {
  *out << quirks.name;
}

/// A table with the columns that every root table has, and one of the test's own.
struct TestTable {
  std::string name;
  std::string parent;
  std::string column = "v";
  DataType type = DataType::bigint;
};

class Conformance : public testing::TestWithParam<Quirks> {
 protected:
  void SetUp() override {
    destination_ = GetParam().make(folder_.path());
    ASSERT_NE(destination_, nullptr);
  }
  void declare(const TestTable& table) {
    schema::Table made = table.parent.empty() ? schema::Table::root(table.name, "append", table.name)
                                              : schema::Table::nested(table.name, table.parent);
    schema::Column column;
    column.name = table.column;
    column.type = table.type;
    made.columns.add(column);
    made.columns.add(schema::id_column());
    made.mark_seen_data();
    schema_.tables.add(std::move(made));
    schema_.bump();
  }

  /// With ids from id0 on, none of which comes again.
  std::vector<Column> rows(const std::string& column, const std::vector<std::optional<std::int64_t>>& values) {
    std::vector<std::optional<std::string>> ids;
    for (std::size_t i = 0; i < values.size(); ++i) ids.push_back(fmt::format("id{}", row_ids_++));
    return {Column::fixed<std::int64_t>(column, "l", values), Column::text("_dlt_id", ids)};
  }

  /// A sealed package with these rows.
  ledger::PackageRecord package(std::vector<TableRows> rows) {
    ledger::PackageRecord made =
        delivery::write_package(folder_.path(), fmt::format("1700000000.{}", ++loads_), schema_, std::move(rows));
    made.dataset = "data set";
    return made;
  }

  Result<LoadSummary> load(const ledger::PackageRecord& package) {
    destination_->set_retry({.attempts_max = 1});
    return delivery::deliver(
        *destination_,
        {.package = package, .schema = schema_, .folder = folder_ / package.load_id, .progress = {}, .stop = {}}, {});
  }
  void must_load(const ledger::PackageRecord& package) {
    auto done = load(package);
    ASSERT_TRUE(done) << done.error().message;
  }

  /// The first column of the answer, in order.
  std::vector<std::string> query(const std::string& sql) {
    auto cursor = destination_->query({.sql = sql, .dataset = "data set"});
    if (!cursor) return {cursor.error().message};
    std::vector<std::string> out;
    sql::TextRow row;
    while ((*cursor)->next(row).value_or(false)) out.push_back(row.at(0).value_or("NULL"));
    return out;
  }
  bool keeps_rows() const { return GetParam().keeps_rows; }

  /// The values of a column, in the order of their rows.
  std::vector<std::string> values(const std::string& table, const std::string& column) {
    if (GetParam().read) return GetParam().read(folder_.path(), table, column);
    return query(fmt::format("SELECT {} FROM {} ORDER BY {}", column, table, GetParam().row_order));
  }
  std::vector<std::string> recorded_loads() {
    return destination_->recorded_loads("data set", "", delivery::Inspection::only_look).value();
  }

  ScratchFolder folder_;
  std::unique_ptr<Destination> destination_;
  schema::Schema schema_ = schema::Schema::make("suite", NamingConvention::snake_case);
  int loads_ = 0;
  int row_ids_ = 0;
};

/// In a database of its own, on the server that runs for the tests, or that the environment names.
inline std::unique_ptr<Destination> make_postgres(const std::string& folder) {
  const char* other = std::getenv("OUTFALL_POSTGRES");
  const Result<std::string> text = read_file(other == nullptr ? OUTFALL_POSTGRES : other);
  if (!text) return std::fputs(text.error().message.c_str(), stderr), nullptr;
  const std::string server = text->substr(0, text->find_last_of('/') + 1);
  ContentHash hash;
  hash.update(folder);
  const std::string name = "suite_" + hash.hex();
  auto session = sql::open_postgres({.uri = server + "outfall"});
  if (!session) return std::fputs(session.error().message.c_str(), stderr), nullptr;
  if (const auto created = (*session)->execute("CREATE DATABASE " + name); !created) {
    return std::fputs(created.error().message.c_str(), stderr), nullptr;
  }
  auto made = destinations::postgres::PostgresDestination::make(server + name, {}, Env::system());
  return made ? std::move(*made) : nullptr;
}

inline const auto databases = testing::Values(
    Quirks{.name = "duckdb",
           .make = [](const std::string& folder) -> std::unique_ptr<Destination> {
             auto made =
                 destinations::duckdb::DuckDbDestination::make("duckdb:" + folder + "/data.duckdb", {}, Env::system());
             return made ? std::move(*made) : nullptr;
           }},
    Quirks{.name = "sqlite",
           .make = [](const std::string& folder) -> std::unique_ptr<Destination> {
             auto made =
                 destinations::sqlite::SqliteDestination::make("sqlite:" + folder + "/data.db", {}, Env::system());
             return made ? std::move(*made) : nullptr;
           }},
    Quirks{.name = "postgres", .make = make_postgres, .row_order = "ctid", .null_refused = "not-null"});

/// What a row of the example has, which is a line of JSON.
inline std::vector<std::string> read_folder(const std::string& folder, const std::string& table,
                                            const std::string& column) {
  std::string rows;
  const auto take = [&rows](std::string_view lines) -> Status {
    rows += lines;
    return {};
  };
  EXPECT_TRUE(Folder(folder + "/data").read("data set", table, take));
  std::vector<std::string> found;
  for (std::size_t begin = 0; begin < rows.size();) {
    const std::size_t end = rows.find('\n', begin);
    const Result<Json> row = parse_json(std::string_view(rows).substr(begin, end - begin));
    const Json* value = row ? row->find(column) : nullptr;
    const std::string* text = value == nullptr ? nullptr : value->as_string();
    found.push_back(value == nullptr ? "NULL" : text != nullptr ? *text : to_json(*value));
    begin = end + 1;
  }
  return found;
}

/// Destinations of a program's own that take whole loads, as an object and as a plugin.
inline const auto own_destinations = testing::Values(
    Quirks{.name = "folder",
           .make = [](const std::string& folder) -> std::unique_ptr<Destination> {
             auto made = destinations::dataset::DatasetAdapter::make("custom:folder",
                                                                     std::make_shared<Folder>(folder + "/data"), {});
             return made ? std::move(*made) : nullptr;
           },
           .null_refused = "",
           .read = read_folder},
    Quirks{.name = "folder_plugin",
           .make = [](const std::string& folder) -> std::unique_ptr<Destination> {
             setenv("DESTINATION__PATH", (folder + "/data").c_str(), 1);
             auto made = engine::make_destination(
                 "plugin:" OUTFALL_BUILD "/example_folder_destination_plugin.so#folder", {}, Env::system());
             if (!made) return std::fputs(made.error().message.c_str(), stderr), nullptr;
             return std::move(*made);
           },
           .null_refused = "",
           .read = read_folder});

inline std::string name_of(const testing::TestParamInfo<Quirks>& tested) {
  return tested.param.name;
}

}  // namespace outfall
