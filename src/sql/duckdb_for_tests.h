// SPDX-License-Identifier: Apache-2.0
//
// A folder for DuckDB files, and short ways to open them and to ask them.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/scratch_folder.h"
#include "sql/duckdb_connection.h"
#include "sql/duckdb_database.h"

namespace outfall::sql::for_tests {

class DuckDb : public testing::Test {
 protected:
  std::string file(std::string_view name = "data.duckdb") const { return folder_ / std::string(name); }

  static std::unique_ptr<Connection> open(const std::string& path, Access access = Access::read_write) {
    auto connection = open_duckdb({.path = path, .access = access});
    EXPECT_TRUE(connection) << connection.error().message;
    return connection ? std::move(*connection) : nullptr;
  }
  static Error open_error(const std::string& path, Access access = Access::read_write) {
    auto connection = open_duckdb({.path = path, .access = access});
    EXPECT_FALSE(connection);
    return connection ? Error{} : connection.error();
  }
  static void run(Connection& connection, const std::string& statement) {
    auto done = connection.execute(statement);
    EXPECT_TRUE(done) << done.error().message;
  }
  static std::string cell(Connection& connection, const std::string& query) {
    auto rows = connection.rows(query);
    EXPECT_TRUE(rows) << rows.error().message;
    return rows && !rows->empty() ? rows->at(0).at(0).value_or("NULL") : "";
  }

  ScratchFolder folder_;
};

}  // namespace outfall::sql::for_tests
