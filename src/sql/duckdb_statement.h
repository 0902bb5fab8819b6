// SPDX-License-Identifier: Apache-2.0
//
// Prepared statements and results of DuckDB, freed when they go out of scope.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "sql/connection.h"
#include "sql/duckdb_api.h"

namespace outfall::sql {

class DuckDbResult {
 public:
  explicit DuckDbResult(const DuckDbApi& api) : api_(&api) {}
  DuckDbResult(DuckDbResult&& other) noexcept : api_(other.api_), result_(std::exchange(other.result_, {})) {}
  DuckDbResult& operator=(DuckDbResult&&) = delete;
  ~DuckDbResult() { api_->duckdb_destroy_result(&result_); }

  duckdb_result* get() { return &result_; }
  Error error();

 private:
  const DuckDbApi* api_;
  duckdb_result result_{};
};

enum class Fetch { all_at_once, as_asked_for };

class DuckDbStatement {
 public:
  static Result<DuckDbStatement> prepare(const DuckDbApi& api, duckdb_connection connection,
                                         std::string_view statement);

  DuckDbStatement(DuckDbStatement&& other) noexcept
      : api_(other.api_), prepared_(std::exchange(other.prepared_, nullptr)) {}
  DuckDbStatement& operator=(DuckDbStatement&&) = delete;
  ~DuckDbStatement() { api_->duckdb_destroy_prepare(&prepared_); }

  duckdb_statement_type type() const { return api_->duckdb_prepared_statement_type(prepared_); }
  Status bind(std::span<const Value> values);
  Result<DuckDbResult> run(Fetch fetch);

 private:
  DuckDbStatement(const DuckDbApi& api, duckdb_prepared_statement prepared) : api_(&api), prepared_(prepared) {}

  const DuckDbApi* api_;
  duckdb_prepared_statement prepared_;
};

/// Reads the rows of a result whose columns are all text.
class TextReader {
 public:
  TextReader(const DuckDbApi& api, DuckDbResult result);
  TextReader(TextReader&& other) noexcept;
  TextReader& operator=(TextReader&&) = delete;
  ~TextReader();

  /// False: no more rows.
  Result<bool> next(TextRow& row);

 private:
  Result<bool> next_chunk();

  const DuckDbApi* api_;
  DuckDbResult result_;
  idx_t columns_;
  duckdb_data_chunk chunk_ = nullptr;
  idx_t size_ = 0;
  idx_t row_ = 0;
};

/// Whether such a statement leaves everything as it is, inside the database and outside.
bool only_reads(duckdb_statement_type type);

/// Whether it is an EXPORT, by its first word.
bool is_export(std::string_view statement);

/// What an EXPLAIN statement explains; any other statement as it is.
std::string_view without_explain(std::string_view statement);

/// The query with every column turned into text.
std::string as_text(std::string_view query);

}  // namespace outfall::sql
