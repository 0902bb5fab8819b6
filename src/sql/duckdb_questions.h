// SPDX-License-Identifier: Apache-2.0
//
// Questions: asks a DuckDB database before there is a Connection to it.
#pragma once

#include <string>
#include <vector>

#include "outfall/error.h"
#include "sql/duckdb_api.h"

namespace outfall::sql {

class Questions {
 public:
  Questions(const DuckDbApi& api, duckdb_database database);
  Questions(const Questions&) = delete;
  Questions& operator=(const Questions&) = delete;
  ~Questions();

  /// The first column of the answer's rows, without nulls.
  Result<std::vector<std::string>> ask(const std::string& query);

 private:
  const DuckDbApi& api_;
  duckdb_connection connection_ = nullptr;
};

}  // namespace outfall::sql
