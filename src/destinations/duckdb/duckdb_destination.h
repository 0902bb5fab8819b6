// SPDX-License-Identifier: Apache-2.0
//
// DuckDbDestination: packages into a DuckDB file, exactly once.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/env.h"
#include "base/wait.h"
#include "delivery/database_destination.h"
#include "sql/duckdb_connection.h"

namespace outfall::destinations::duckdb {

struct Options {
  /// What DuckDB may hold in memory; none: sql::DuckDbOptions says.
  std::optional<std::size_t> memory_limit;
  /// 0: one a core.
  int threads = 0;
  /// For another process that has the file open: all waits together.
  LockWait lock_wait{};
  /// What it is called instead of its address; empty: nothing.
  std::string called{};
  std::optional<NamingConvention> naming{};  ///< of a new dataset; none: snake_case
  std::optional<int> max_table_nesting{};
};

class DuckDbDestination final : public delivery::DatabaseDestination {
 public:
  /// Errors: usage: the address is wrong. Nothing is touched.
  static Result<std::unique_ptr<DuckDbDestination>> make(std::string_view address, const Options& options, Env& env);

  void warm_up() override;
  void expect_interrupted_load() override { options_.load_interrupted = true; }
  Result<delivery::LoadSummary> load(const delivery::LoadRequest& request) override;

 private:
  DuckDbDestination(std::string path, const Options& options, Env& env);

  Result<bool> exists() override;
  Result<std::unique_ptr<sql::Connection>> connect(delivery::SessionUse use) override;
  Result<std::unique_ptr<sql::Connection>> connect_to_query(const delivery::QueryRequest& request) override;
  Status check_makable() override;
  Status expect_new(sql::Connection* session, const std::string& dataset) override;
  Status keep(const sql::Dataset& dataset, const std::string& load_id) override;

  sql::DuckDbOptions reading() const;
  Result<std::unique_ptr<sql::Connection>> connect_for_run();
  Result<std::unique_ptr<sql::Connection>> connect_to_inspect();
  /// Waits for another process that has the file, all waits together no longer than was asked for.
  Result<std::unique_ptr<sql::Connection>> open_waiting(const sql::DuckDbOptions& options);

  LockWait lock_wait_;
  std::chrono::nanoseconds lock_wait_left_;
  sql::DuckDbOptions options_;
  std::string committed_;  ///< the load whose commit this object was answered
  std::jthread warming_;
};

}  // namespace outfall::destinations::duckdb
