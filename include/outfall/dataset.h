// SPDX-License-Identifier: Apache-2.0
//
// Dataset: what loads have put into a database: its tables, its loads, and the rows of some of them.
//
//   auto dataset = outfall::Dataset::open({.destination = "duckdb:shop.duckdb"});
//   auto rows = dataset->table("items", {"1795369135.28477"});  // of that load alone
//   rows->arrow_stream(&stream);
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "outfall/sql_client.h"
#include "outfall/types.h"

namespace outfall {

struct DatasetTable {
  std::string name{};
  std::string parent{};  ///< of a nested table; empty: a root table
};

struct RowCountOptions {
  std::vector<std::string> tables{};  ///< empty: all
  bool data_tables = true;            ///< of all: those of the user's rows
  bool dlt_tables = false;            ///< of all: `_dlt_loads` and its like
  std::string load_id{};  ///< only rows of this load, and only tables that say of their rows which one it was
};

struct TableRowCount {
  std::string table{};
  std::uint64_t rows = 0;
};

/// A line of `_dlt_loads`. A load has one for each status that it has reached: 0 when all of its rows were there, the
/// others when somebody had gone on with them: transformed them, tested them.
struct LoadRecord {
  std::string load_id{};
  std::string schema_name{};
  std::int64_t status = 0;
  Time inserted_at{};
  std::string schema_version_hash{};
};

/// What a load has left behind that never came to its end: of dlt, whose loads are not one transaction.
struct Leftover {
  std::string dataset{};
  std::string table{};
  std::string load_id{};  ///< of rows in the table; empty: all of the table, which is in the staging dataset
  std::uint64_t rows = 0;
};

/// A session, as its client is.
class Dataset {
 public:
  /// Errors:   as SqlClient::open; usage, terminal: there is no dataset, or several of which none is named.
  static SqlResult<Dataset> open(const SqlClientOptions& options);

  Dataset(Dataset&&) noexcept = default;
  Dataset& operator=(Dataset&&) noexcept = default;

  /// Tables of the stored schemas that are there, in the order of the schema, without dlt's own.
  SqlResult<std::vector<DatasetTable>> tables();

  /// Errors:   terminal: no such table.
  SqlResult<std::vector<TableRowCount>> row_counts(const RowCountOptions& options = {});

  /// The rows of a table; of these loads only, where some are named: those of nested tables by the rows that they are
  /// in.
  ///
  /// Errors:   terminal: no such table; it does not say which load its rows are of.
  SqlResult<SqlCursor> table(std::string_view name, std::span<const std::string> load_ids = {});

  /// All lines, the oldest load first, and of a load the lowest status.
  SqlResult<std::vector<LoadRecord>> loads();
  /// Of all loads that are complete, the oldest first.
  SqlResult<std::vector<std::string>> load_ids();
  /// Nothing: there is none.
  SqlResult<std::optional<std::string>> latest_load_id();

  /// Adds the line that says that somebody has gone on with a load: of `status`, which is greater than all that it has
  /// reached; else of the next one.
  ///
  /// Errors:   terminal: no such load; it has reached that status.
  SqlResult<LoadRecord> advance_load(std::string_view load_id, std::optional<std::int64_t> status = std::nullopt);

  /// Rows of loads that `_dlt_loads` does not know, and tables of the staging dataset. A load of dlt's that is under
  /// way has such, too.
  SqlResult<std::vector<Leftover>> leftovers();
  /// Takes all of them away in one transaction, and says what they were.
  SqlResult<std::vector<Leftover>> remove_leftovers();

  /// For other statements in the same session.
  SqlClient& client() { return client_; }

 private:
  struct State;
  Dataset(SqlClient client, std::shared_ptr<State> state) : client_(std::move(client)), state_(std::move(state)) {}
  SqlClient client_;
  std::shared_ptr<State> state_;
};

/// As one JSON document without line breaks; the fields are in docs/command-line.md.
std::string to_json(const std::vector<TableRowCount>& counts);
std::string to_json(const std::vector<LoadRecord>& loads);
std::string to_json(const std::vector<Leftover>& leftovers);

}  // namespace outfall
