// SPDX-License-Identifier: Apache-2.0
#include "delivery/unique_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "sql/dialect.h"
#include "sql/unique_indexes.h"

namespace outfall::delivery {

Result<UniqueColumns> UniqueColumns::find(sql::Transaction& transaction, const sql::Dataset& dataset,
                                          const LoadRequest& request) {
  UniqueColumns found(transaction, dataset);
  if (dataset.connection.dialect().unique_indexes.empty()) return found;
  std::vector<Place> wanted;
  std::set<std::string_view> seen;
  for (const ledger::JobRecord& job : request.package.jobs) {
    const schema::Table* table = request.schema.tables.find(job.table);
    if (table == nullptr || !seen.insert(table->name).second) continue;
    for (const schema::Column& column : table->columns) {
      if (column.type && column.unique) wanted.push_back({.table = table->name, .column = column.name});
    }
  }
  if (wanted.empty()) return found;
  Status read = found.read(wanted);
  // Nobody need wait for a table that stays as it is.
  if (read) read = found.forget_filled();
  if (!read) return fail(std::move(read.error()));
  return found;
}

Status UniqueColumns::read(const std::vector<Place>& wanted) {
  const auto there = sql::read_unique_indexes(dataset_.connection, dataset_.name);
  if (!there) return fail(there.error());
  const sql::Dialect& dialect = dataset_.connection.dialect();
  for (const Place& place : wanted) {
    const auto is_of_place = [&](const sql::UniqueIndex& index) {
      return index.table == place.table && index.column == place.column;
    };
    if (std::ranges::none_of(*there, is_of_place)) lacking_.push_back(place);
    const std::string name = sql::unique_index_name(dialect, place.table, place.column);
    const bool is_bare = std::ranges::any_of(*there, [&](const sql::UniqueIndex& index) {
      return is_of_place(index) && index.name == name && !index.is_constraint;
    });
    if (is_bare) bare_.push_back(place);
  }
  return {};
}

std::set<std::string> UniqueColumns::tables() const {
  std::set<std::string> names;
  for (const Place& place : lacking_) names.insert(place.table);
  return names;
}

Result<bool> UniqueColumns::is_empty(const std::string& table) {
  const auto rows = transaction_->rows(
      fmt::format("SELECT 1 FROM {} LIMIT 1", sql::quoted(dataset_.connection.dialect(), dataset_.table(table))));
  if (!rows) return fail(rows.error());
  return rows->empty();
}

Status UniqueColumns::forget_filled() {
  std::map<std::string, bool> is_new;
  for (Place& place : std::exchange(lacking_, {})) {
    auto known = is_new.find(place.table);
    if (known == is_new.end()) {
      const Result<bool> empty = is_empty(place.table);
      if (!empty) return fail(empty.error());
      known = is_new.emplace(place.table, *empty).first;
    }
    if (known->second) lacking_.push_back(std::move(place));
  }
  return {};
}

Status UniqueColumns::look_again() {
  if (lacking_.empty()) return {};
  if (Status forgotten = forget_filled(); !forgotten) return forgotten;
  return read(std::exchange(lacking_, {}));
}

Status UniqueColumns::make_indexes() {
  for (Place& place : std::exchange(lacking_, {})) {
    const Result<bool> made = make_index(place);
    if (!made) return fail(Error(made.error()).in("insert into table " + place.table));
    if (*made) bare_.push_back(std::move(place));
  }
  return {};
}

/// False: it cannot have one. The table is somebody else's, or in parts.
Result<bool> UniqueColumns::make_index(const Place& place) {
  return try_out(sql::make_unique_index(dataset_.connection.dialect(), dataset_.table(place.table), place.column));
}

/// False: it is refused for good, not for rows, and has changed nothing.
Result<bool> UniqueColumns::try_out(const std::string& statement) {
  if (Status set = transaction_->set_savepoint(); !set) return fail(std::move(set.error()));
  Result<std::uint64_t> made = transaction_->execute(statement);
  if (made) {
    if (Status kept = transaction_->release_savepoint(); !kept) return fail(std::move(kept.error()));
    return true;
  }
  const bool is_for_good = made.error().remedy == Remedy::abandon && made.error().blame != Blame::interrupted;
  if (!is_for_good || dataset_.connection.refused_row()) return fail(std::move(made.error()));
  if (Status back = transaction_->return_to_savepoint(); !back) return fail(std::move(back.error()));
  return false;
}

Status UniqueColumns::make_constraints() {
  std::vector<sql::TableName> tables;
  for (const Place& place : bare_) tables.push_back(dataset_.table(place.table));
  const Result<bool> locked = transaction_->lock_out(tables, {.count = 1});
  if (!locked) return fail(locked.error());
  if (tables.empty() || !*locked) return {};
  // Others may have made them meanwhile, or this load may have put another table into the place of one.
  if (Status read = this->read(std::exchange(bare_, {})); !read) return read;
  for (const Place& place : std::exchange(bare_, {})) {
    const Result<bool> made = try_out(
        sql::make_unique_constraint(dataset_.connection.dialect(), dataset_.table(place.table), place.column));
    if (!made) return fail(made.error());
  }
  return {};
}

}  // namespace outfall::delivery
