// SPDX-License-Identifier: Apache-2.0
#include "sql/sqlite_insert.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "base/utf8.h"
#include "sql/cell_text.h"
#include "sql/dialect.h"
#include "sql/insert_text.h"

namespace outfall::sql {
namespace {

/// Characters of a value that a reason repeats.
constexpr std::size_t sample_max = 80;

/// Digits that a text keeps which becomes a floating point number.
constexpr std::size_t real_digits = 15;

/// Whole numbers up to here are doubles without loss.
constexpr std::int64_t exact_in_double = std::int64_t{1} << 53;

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Whether SQLite takes the text for a number, and how many digits of it count.
struct LooksLike {
  bool number = false;
  bool integer = false;
  std::size_t digits = 0;  ///< without zeros at either end
};

LooksLike look_at_number(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  LooksLike seen{.number = true, .integer = true};
  std::size_t digits = 0;
  std::size_t zeros = 0;  // at the end, so far
  bool has_point = false;
  std::size_t i = 0;
  bool has_digit = false;
  for (; i < text.size(); ++i) {
    if (text[i] == '.' && !has_point) {
      has_point = true;
      seen.integer = false;
      continue;
    }
    if (!is_digit(text[i])) break;
    has_digit = true;
    if (text[i] == '0' && digits == 0) continue;
    ++digits;
    zeros = text[i] == '0' ? zeros + 1 : 0;
  }
  seen.digits = digits - zeros;
  if (!has_digit) return {};
  if (i == text.size()) return seen;
  if (text[i] != 'e' && text[i] != 'E') return {};
  ++i;
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  if (i == text.size() || !std::all_of(text.begin() + static_cast<std::ptrdiff_t>(i), text.end(), is_digit)) return {};
  seen.integer = false;
  return seen;
}

bool fits_int64(std::string_view text) {
  while (!text.empty() && (is_space(text.front()) || text.front() == '+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  return read.ec == std::errc{};
}

/// What rows of a kind may go into, by the type that the declared word stands for; a word that is like none of ours
/// takes anything.
bool suits(CellKind kind, DataType type) {
  switch (kind) {
    case CellKind::text:
      return type == DataType::text || type == DataType::json;
    case CellKind::binary:
      return type == DataType::binary;
    case CellKind::int64:
      return type == DataType::bigint || type == DataType::double_ || type == DataType::decimal ||
             type == DataType::wei || type == DataType::text;
    case CellKind::double_:
      return type == DataType::double_ || type == DataType::decimal || type == DataType::text;
    case CellKind::bool_:
      return type == DataType::bool_ || type == DataType::bigint;
    case CellKind::decimal:
      return type == DataType::decimal || type == DataType::wei || type == DataType::text || type == DataType::double_;
    case CellKind::date:
      return type == DataType::date || type == DataType::text;
    case CellKind::time:
      return type == DataType::time || type == DataType::text;
    case CellKind::timestamp:
      return type == DataType::timestamp || type == DataType::text;
  }
  return false;
}

}  // namespace

// The rules of SQLite's documentation, in its order.
Affinity affinity_of(std::string_view declared) {
  const std::string word = ascii_lower(declared);
  const auto has = [&word](std::string_view part) { return word.contains(part); };
  if (has("int")) return Affinity::integer;
  if (has("char") || has("clob") || has("text")) return Affinity::text;
  if (word.empty() || has("blob")) return Affinity::none;
  if (has("real") || has("floa") || has("doub")) return Affinity::real;
  return Affinity::numeric;
}

bool survives(std::string_view text, Affinity affinity) {
  if (affinity == Affinity::text || affinity == Affinity::none) return true;
  const LooksLike seen = look_at_number(text);
  if (!seen.number) return true;
  return (affinity != Affinity::real && seen.integer && fits_int64(text)) || seen.digits <= real_digits;
}

Result<SqliteInsert> SqliteInsert::make(sqlite3* handle, const TableName& table, const InsertColumns& columns,
                                        const std::vector<std::string>& declared, const ArrowSchema& schema) {
  const Dialect& dialect = sqlite_dialect();
  std::vector<Column> bound;
  for (std::size_t i = 0; i < columns.names.size(); ++i) {
    const std::string& name = columns.names[i];
    std::int64_t child = 0;
    while (child < schema.n_children && name != schema.children[child]->name) ++child;
    if (child == schema.n_children) return fail(fmt::format("the rows have no column {}", name));
    Result<ArrowCells> cells = ArrowCells::make(*schema.children[child]);
    if (!cells) return fail(std::move(cells.error()));
    const std::optional<ColumnType> type = named_type(dialect, declared[i]);
    bound.push_back({.name = name,
                     .declared = declared[i],
                     .affinity = affinity_of(declared[i]),
                     .is_suited = !type || suits(cells->format().kind, type->type),
                     .cells = *cells,
                     .child = child});
  }
  const InsertText text =
      insert_text(dialect, columns, [](std::size_t column) { return fmt::format("?{}", column + 1); });
  Result<SqliteStatement> statement = prepare_sqlite(
      handle, fmt::format("INSERT INTO {} ({}) VALUES ({})", quoted(dialect, table), text.names, text.values));
  if (!statement) return fail(std::move(statement.error()));
  return SqliteInsert(handle, std::move(*statement), std::move(bound));
}

Status SqliteInsert::insert(const ArrowArray& batch, std::uint64_t first, const std::atomic<bool>& cancelled) {
  for (Column& column : columns_) column.cells.look_at(*batch.children[column.child]);
  for (std::int64_t row = 0; row < batch.length; ++row) {
    if (cancelled.load(std::memory_order_relaxed)) {
      return fail(Error{.message = "cancelled", .hint = "", .blame = Blame::interrupted});
    }
    int index = 0;
    for (Column& column : columns_) {
      std::string refused = bind(column, ++index, row);
      if (refused.empty()) continue;
      return refuse(first + static_cast<std::uint64_t>(row), std::move(refused));
    }
    const int stepped = sqlite3_step(statement_.get());
    sqlite3_reset(statement_.get());
    if (stepped == SQLITE_DONE) continue;
    Error error = sqlite_error(handle_, stepped);
    if (refuses_rows(stepped)) return refuse(first + static_cast<std::uint64_t>(row), std::move(error.message));
    return fail(std::move(error));
  }
  return {};
}

Status SqliteInsert::refuse(std::uint64_t row, std::string reason) {
  refused_ = {.reason = std::move(reason), .row = row};
  return fail(fmt::format("row {}: {}", row + 1, refused_->reason));
}

std::string SqliteInsert::bind_text(Column& column, int index, std::string_view text) {
  if (!survives(text, column.affinity)) {
    return fmt::format("the column {} is {}, which keeps {} digits of {}", column.name, column.declared, real_digits,
                       utf8_prefix(text, sample_max));
  }
  sqlite3_bind_text64(statement_.get(), index, text.empty() ? "" : text.data(), text.size(), SQLITE_STATIC,
                      SQLITE_UTF8);
  return "";
}

std::string SqliteInsert::bind(Column& column, int index, std::int64_t row) {
  ArrowCells& cells = column.cells;
  sqlite3_stmt* const statement = statement_.get();
  if (cells.is_null(row)) {
    sqlite3_bind_null(statement, index);
    return "";
  }
  const CellFormat& format = cells.format();
  if (!column.is_suited) {
    return fmt::format("the column {} is {} and takes no such value", column.name, column.declared);
  }
  std::string& text = column.scratch;
  text.clear();
  switch (format.kind) {
    case CellKind::text:
      return bind_text(column, index, cells.bytes(row));
    case CellKind::binary: {
      const std::string_view bytes = cells.bytes(row);
      sqlite3_bind_blob64(statement, index, bytes.empty() ? "" : bytes.data(), bytes.size(), SQLITE_STATIC);
      return "";
    }
    case CellKind::int64: {
      const std::int64_t value = cells.int64(row);
      if (column.affinity == Affinity::real && (value > exact_in_double || value < -exact_in_double)) {
        return fmt::format("the column {} is {}, which has no {}", column.name, column.declared, value);
      }
      sqlite3_bind_int64(statement, index, value);
      return "";
    }
    case CellKind::double_: {
      const double value = cells.real(row);
      if (std::isnan(value)) return fmt::format("the column {} would take NaN for null", column.name);
      if (column.affinity == Affinity::text) {
        append_double(text, value);
        return bind_text(column, index, text);
      }
      sqlite3_bind_double(statement, index, value);
      return "";
    }
    case CellKind::bool_:
      sqlite3_bind_int(statement, index, cells.truth(row) ? 1 : 0);
      return "";
    case CellKind::decimal:
      append_decimal(text, cells.decimal(row), format.scale);
      break;
    case CellKind::date:
      append_date(text, cells.days(row));
      break;
    case CellKind::time:
      append_time(text, cells.int64(row));
      break;
    case CellKind::timestamp:
      append_timestamp(text, cells.int64(row), format.is_nanoseconds);
      break;
  }
  return bind_text(column, index, text);
}

}  // namespace outfall::sql
