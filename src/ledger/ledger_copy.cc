// SPDX-License-Identifier: Apache-2.0
#include "ledger/ledger_copy.h"

#include <utility>

#include "base/file.h"
#include "base/sqlite.h"
#include "ledger/pipeline_values.h"
#include "ledger/tables.h"

namespace outfall::ledger {
Status copy_ledger(const std::string& from, const std::string& to) {
  const Result<Database> database = Database::open(from, Database::Access::read_only);
  if (!database) {
    return std::unexpected(database.error());
  }
  return database->copy_to(to);
}

Result<std::optional<LedgerFacts>> look_at_ledger(const std::string& path) {
  const Result<bool> exists = file_exists(path);
  if (!exists) {
    return std::unexpected(exists.error());
  }
  if (!*exists) {
    return std::nullopt;
  }
  Result<std::optional<Database>> database = open_filled(path);
  if (!database) {
    return std::unexpected(std::move(database).error());
  }
  if (!*database) {
    return std::nullopt;
  }
  Result<std::optional<std::string>> mark = get_value(**database, shared_mark_key);
  if (!mark) {
    return std::unexpected(std::move(mark).error());
  }
  const Result<std::int64_t> work =
      (*database)->integer("SELECT EXISTS (SELECT 1 FROM packages) OR EXISTS (SELECT 1 FROM inputs)");
  if (!work) {
    return std::unexpected(work.error());
  }
  return LedgerFacts{.mark = std::move(*mark).value_or(""), .has_work = *work != 0};
}

Status mark_ledger(const std::string& path, const std::string& mark) {
  Result<Database> database = Database::open(path, Database::Access::read_write);
  if (!database) {
    return std::unexpected(std::move(database).error().in("open the state store"));
  }
  Result<Transaction> transaction = Transaction::begin(*database);
  if (!transaction) {
    return std::unexpected(transaction.error());
  }
  const Status put = put_value(*database, shared_mark_key, mark);
  return put ? transaction->commit() : put;
}

}  // namespace outfall::ledger
