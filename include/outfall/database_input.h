// SPDX-License-Identifier: Apache-2.0
//
// DatabaseInput: tables and queries of a database as what a run loads.
//
//   pipeline.run({.inputs = {"postgres://ann@localhost/shop"},
//                 .database = {.tables = {"public.orders"}, .cursor = "changed_at"}});
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace outfall {

/// How much before the last value of a cursor a run begins again: of a number, or of a moment.
using CursorLag = std::variant<std::int64_t, std::chrono::seconds>;

struct DatabaseInput {
  /// `users` (of the schema that the database looks names up in), `shop.users`, patterns such as `shop.*`, which match
  /// tables and no views. What stands between double quotes is a name, whatever it looks like. Each becomes a table of
  /// its name, unless RunOptions::table says where all of them go.
  std::vector<std::string> tables{};
  /// In their place: one SELECT that only reads. RunOptions::table says where its rows go.
  std::string query{};
  /// A column whose values grow: rows that have no greater one than what earlier runs of the pipeline have sealed are
  /// not read again, and of those that have the same only what is new comes. Empty: everything is read each time.
  std::string cursor{};
  /// Reads again what is less than so much before the last value: rows may have come in late, or are still changing.
  /// They come again, so it is for tables that are merged by a key.
  std::optional<CursorLag> lag{};

  /// Whether a database is read at all.
  bool is_asked() const { return !tables.empty() || !query.empty(); }
};

}  // namespace outfall
