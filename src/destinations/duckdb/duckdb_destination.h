// SPDX-License-Identifier: Apache-2.0
//
// DuckDbDestination: packages into a DuckDB file, exactly once.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/env.h"
#include "base/wait.h"
#include "delivery/destination.h"
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

class DuckDbDestination final : public delivery::Destination {
 public:
  /// Errors: usage: the address is wrong. Nothing is touched.
  static Result<std::unique_ptr<DuckDbDestination>> make(std::string_view address, const Options& options, Env& env);

  const std::string& address() const override { return address_; }
  DeliveryMode mode() const override { return DeliveryMode::transactional; }
  const delivery::Capabilities& capabilities() const override { return capabilities_; }

  Status check_dataset(const std::string& dataset) const override;

  /// The file is opened when there is one; else it is made by the first load.
  /// Whether there is a folder for it.
  Status check_configuration(const std::stop_token& stop) override;
  Status open() override;

  void close() override;
  void warm_up() override;

  void expect_interrupted_load() override { options_.load_interrupted = true; }

  /// Questions keep the file open for the next one, until close or a load.
  Result<std::optional<sql::StoredDataset>> inspect(const delivery::DatasetKey& key) override;
  Result<std::vector<std::string>> stored_schemas(const std::string& dataset, delivery::Inspection inspection) override;
  Result<std::vector<schema::ColumnThere>> columns(const std::string& dataset,
                                                   delivery::Inspection inspection) override;
  Result<std::uint64_t> count_rows(const std::string& dataset, const std::string& table) override;
  Result<bool> has_load(const std::string& dataset, const std::string& load_id) override;
  Result<std::vector<std::string>> recorded_loads(const std::string& dataset, std::string_view schema_name,
                                                  delivery::Inspection inspection) override;
  Result<delivery::LoadSummary> load(const delivery::LoadRequest& request) override;
  Result<std::unique_ptr<sql::TextCursor>> query(const delivery::QueryRequest& request) override;
  Status query_rows(const delivery::QueryRequest& request, ArrowArrayStream* out) override;
  std::vector<std::string> take_notes() override;

 private:
  Result<std::unique_ptr<sql::Connection>> session_for(const delivery::QueryRequest& request) const;
  DuckDbDestination(std::string path, const Options& options, Env& env);

  Result<bool> exists() const;
  Status check_folder() const;
  void note_ambiguous(const std::string& dataset);
  Result<std::unique_ptr<sql::Connection>> connect_for_run();
  Result<std::unique_ptr<sql::Connection>> connect_to_read();
  /// Waits for another process that has the file, all waits together no longer than was asked for.
  Result<std::unique_ptr<sql::Connection>> connect(const sql::DuckDbOptions& options);
  Result<std::unique_ptr<sql::Connection>> connect_to_inspect(delivery::Inspection inspection);
  /// Null where there is no database.
  Result<sql::Connection*> session_if_there(delivery::Inspection inspection);
  Status connect_for_loads();
  Status keep_through_power_cut(const std::string& load_id);

  std::string address_;
  delivery::Capabilities capabilities_;
  LockWait lock_wait_;
  std::chrono::nanoseconds lock_wait_left_;
  sql::DuckDbOptions options_;
  Env& env_;
  std::string committed_;  ///< the load whose commit this object was answered
  std::vector<std::string> notes_;
  std::unique_ptr<sql::Connection> connection_;  ///< null: not open, or not to be trusted after a failure
  std::unique_ptr<sql::Connection> looking_;     ///< for questions before a load
  delivery::Inspection looking_as_ = delivery::Inspection::only_look;
  std::jthread warming_;
};

}  // namespace outfall::destinations::duckdb
