// SPDX-License-Identifier: Apache-2.0
#include "sql/load_marks.h"

#include <fmt/format.h>

#include <utility>

#include "sql/catalog.h"
#include "sql/dialect.h"

namespace outfall::sql {
namespace {

std::string name_in(const Dataset& dataset) {
  return quoted(dataset.connection.dialect(), dataset.table(load_marks_table));
}

}  // namespace

std::string create_load_marks(const Dataset& dataset) {
  const std::string_view text = dataset.connection.dialect().types.text;
  return fmt::format(R"(CREATE TABLE {} ("load_id" {} NOT NULL, "part" {} NOT NULL, PRIMARY KEY ("load_id", "part")))",
                     name_in(dataset), text, text);
}

Result<std::set<std::string>> read_load_marks(const Dataset& dataset, const std::string& load_id) {
  const Result<std::set<std::string>> there = table_names(dataset.connection, dataset.name);
  if (!there) return fail(there.error());
  std::set<std::string> marks;
  if (!there->contains(folded(dataset.connection.dialect(), load_marks_table))) return marks;
  const Value values[] = {load_id};
  auto rows = dataset.connection.rows(
      fmt::format(R"(SELECT "part" FROM {} WHERE "load_id" = {})", name_in(dataset), placeholder(1)), values);
  if (!rows) return fail(std::move(rows.error()).in(fmt::format("look for committed parts of load {}", load_id)));
  for (TextRow& row : *rows) marks.insert(row.at(0).value_or(""));
  return marks;
}

Status store_load_marks(Transaction& transaction, const Dataset& dataset, const std::string& load_id,
                        const std::vector<std::string>& marks) {
  for (const std::string& mark : marks) {
    const Value values[] = {load_id, mark};
    auto stored = transaction.execute(fmt::format(R"(INSERT INTO {} ("load_id", "part") VALUES ({}, {}))",
                                                  name_in(dataset), placeholder(1), placeholder(2)),
                                      values);
    if (!stored) return fail(std::move(stored.error()).in("record a part of the load"));
  }
  return {};
}

Status remove_load_marks(Transaction& transaction, const Dataset& dataset, const std::string& load_id) {
  const Value values[] = {load_id};
  auto removed = transaction.execute(
      fmt::format(R"(DELETE FROM {} WHERE "load_id" = {})", name_in(dataset), placeholder(1)), values);
  return removed ? Status() : fail(std::move(removed.error()).in("record the load"));
}

}  // namespace outfall::sql
