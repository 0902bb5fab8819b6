// SPDX-License-Identifier: Apache-2.0
//
// SqliteDestination: packages into a SQLite file, exactly once.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "delivery/database_destination.h"

namespace outfall::destinations::sqlite {

struct Options {
  /// What it is called instead of its address; empty: nothing.
  std::string called{};
  std::optional<NamingConvention> naming{};  ///< of a new dataset; none: snake_case
  std::optional<int> max_table_nesting{};
};

class SqliteDestination final : public delivery::DatabaseDestination {
 public:
  /// Errors: usage: the address is wrong. Nothing is touched.
  static Result<std::unique_ptr<SqliteDestination>> make(std::string_view address, const Options& options, Env& env);

  /// Those of the files beside it too.
  Result<std::vector<std::string>> datasets(const std::stop_token& stop) override;

 private:
  SqliteDestination(std::string path, const Options& options, Env& env);

  Result<bool> exists() override;
  Result<std::unique_ptr<sql::Connection>> connect(delivery::SessionUse use) override;
  Result<std::unique_ptr<sql::Connection>> connect_to_query(const delivery::QueryRequest& request) override;
  Status check_makable() override;
  Status keep(const sql::Dataset& dataset, const std::string& load_id) override;

  std::string path_;
};

}  // namespace outfall::destinations::sqlite
