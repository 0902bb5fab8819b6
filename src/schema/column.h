// SPDX-License-Identifier: Apache-2.0
//
// Column: one column of a table as the schema document has it, with what we understand of it as C++ values.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "outfall/types.h"
#include "schema/column_type.h"
#include "schema/naming.h"

namespace outfall::schema {

struct Column {
  std::string name;
  std::optional<DataType> type;  ///< none: known by its hints only, no value was seen yet
  bool nullable = true;
  std::optional<int> precision;
  std::optional<int> scale;
  std::optional<bool> timezone;  ///< none counts as true
  bool variant = false;
  bool primary_key = false;
  bool merge_key = false;
  bool hard_delete = false;  ///< rows where it is true, or not null, say that their key is to be deleted
  std::string dedup_sort;    ///< asc, desc: which of the rows with one key stays; empty: it does not say
  bool unique = false;
  bool row_key = false;
  bool parent_key = false;
  bool root_key = false;
  std::string description;

  /// The document this was read from: every key in its order, those unknown to us too. Null in a new column.
  Json stored;

  /// Errors: abandon, naming the column and the key that is wrong.
  static Result<Column> parse(std::string_view name, const Json& document);

  /// `stored` with our values written over it; a new column gets its keys in the order dlt gives them.
  Json to_json() const;

  bool operator==(const Column&) const = default;
};

/// Text where the column has none yet.
ColumnType column_type(const Column& column);

void set_type(Column& column, const ColumnType& type);

/// The column for the values of another type than their own column has: `<column>__v_<type>`.
Column variant_column(const Naming& naming, std::string_view column, DataType type);

/// Whose values a variant of that name has, whatever the naming; empty: it is no such name, or was shortened.
std::string_view variant_base(std::string_view variant);

}  // namespace outfall::schema
