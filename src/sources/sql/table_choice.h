// SPDX-License-Identifier: Apache-2.0
//
// Which tables of a database a command means: `users`, `shop.users`, `"My Table"`, and patterns such as `shop.*`.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "outfall/error.h"

namespace outfall::sources {

enum class TableKind : std::uint8_t {
  table,
  view,
  part,  ///< its rows are those of another table too
};

/// A table as the database calls it.
struct DatabaseTable {
  std::string schema;
  std::string name;
  TableKind kind = TableKind::table;
};

/// What there is to choose from.
struct TablesThere {
  std::string database;  ///< how messages call it
  std::vector<DatabaseTable> tables;
  std::vector<std::string> schemas;  ///< where names without a schema are looked up, the first one first
};

struct ChosenTables {
  std::vector<DatabaseTable> tables{};
  std::vector<std::string> left_out{};  ///< that describe loads, and were not named in full
};

/// In the order in which they were named, what a pattern matches by name, each once. A pattern matches tables alone,
/// neither views nor parts; what is named in full may be any. Letters count as they are, and where nothing is called
/// so, without their case. What stands between double quotes is a name, whatever it looks like.
///
/// Errors: usage: nothing is called so (says what nearly is), or several are; the name is written wrong.
Result<ChosenTables> choose_tables(std::span<const std::string> named, const TablesThere& there);

}  // namespace outfall::sources
