// SPDX-License-Identifier: Apache-2.0
//
// Reading and writing the rows of the table pipeline.
#include "ledger/pipeline_values.h"

namespace outfall::ledger {

Status put_value(Database& database, std::string_view key, std::string_view value) {
  Result<Statement> statement = database.prepare(
      "INSERT INTO pipeline (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  return statement->with(key, value).run();
}

Result<std::optional<std::string>> get_value(Database& database, std::string_view key) {
  Result<Statement> statement = database.prepare("SELECT value FROM pipeline WHERE key = ?1");
  const Result<bool> row = statement ? statement->with(key).step() : std::unexpected(statement.error());
  if (!row) {
    return std::unexpected(row.error());
  }
  return *row ? std::optional(std::string(statement->text(0))) : std::nullopt;
}

}  // namespace outfall::ledger
