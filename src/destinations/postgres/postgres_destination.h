// SPDX-License-Identifier: Apache-2.0
//
// PostgresDestination: packages into a PostgreSQL database, exactly once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/env.h"
#include "delivery/database_destination.h"

namespace outfall::destinations::postgres {

struct Options {
  /// What it is called instead of its address; empty: nothing.
  std::string called{};
  std::optional<NamingConvention> naming{};  ///< of a new dataset; none: snake_case
  std::optional<int> max_table_nesting{};
};

class PostgresDestination final : public delivery::DatabaseDestination {
 public:
  /// Errors: usage: the address is wrong. Nothing is touched.
  static Result<std::unique_ptr<PostgresDestination>> make(std::string_view address, const Options& options, Env& env);

 private:
  PostgresDestination(std::string uri, const std::string& shown, const Options& options, Env& env);

  Result<bool> exists() override { return true; }
  Result<std::unique_ptr<sql::Connection>> connect(delivery::SessionUse use) override;
  Result<std::unique_ptr<sql::Connection>> connect_to_query(const delivery::QueryRequest& request) override;
  Status expect_new(sql::Connection* session, const std::string& dataset) override;

  /// The server can be reached, lets us in, and takes writes.
  Status check_usable() override;

  std::string uri_;
};

}  // namespace outfall::destinations::postgres
