// SPDX-License-Identifier: Apache-2.0
#include "sql/duckdb_questions.h"

#include <utility>

namespace outfall::sql {

Questions::Questions(const DuckDbApi& api, duckdb_database database) : api_(api) {
  if (api_.duckdb_connect(database, &connection_) != DuckDBSuccess) connection_ = nullptr;
}

Questions::~Questions() {
  if (connection_ != nullptr) api_.duckdb_disconnect(&connection_);
}

Result<std::vector<std::string>> Questions::ask(const std::string& query) {
  if (connection_ == nullptr) return fail("no connection is given");
  duckdb_prepared_statement statement = nullptr;
  duckdb_result result{};
  std::vector<std::string> found;
  const bool is_prepared = api_.duckdb_prepare(connection_, query.c_str(), &statement) == DuckDBSuccess;
  const bool answered = is_prepared && api_.duckdb_execute_prepared(statement, &result) == DuckDBSuccess;
  for (idx_t row = 0; answered && row < api_.duckdb_row_count(&result); ++row) {
    char* text = api_.duckdb_value_varchar(&result, 0, row);
    if (text != nullptr) found.emplace_back(text);
    api_.duckdb_free(text);
  }
  const char* reason = answered      ? nullptr
                       : is_prepared ? api_.duckdb_result_error(&result)
                                     : api_.duckdb_prepare_error(statement);
  Error error{.message = reason != nullptr ? reason : "a question about it is not answered", .hint = ""};
  api_.duckdb_destroy_result(&result);
  api_.duckdb_destroy_prepare(&statement);
  if (!answered) return fail(std::move(error));
  return found;
}

}  // namespace outfall::sql
