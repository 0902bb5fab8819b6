// SPDX-License-Identifier: Apache-2.0
#include "sql/sqlite_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "columnar/column_builder.h"
#include "columnar/table_batch.h"
#include "schema/decimal.h"
#include "schema/temporal.h"
#include "sql/cell_text.h"
#include "sql/dialect.h"
#include "sql/json_field.h"

namespace outfall::sql {
namespace {

using columnar::ColumnBuilder;

/// Rows of a batch, and of those that are looked at to find out what a column is.
constexpr std::uint32_t batch_rows = 8192;

struct Bytes {
  std::string_view bytes;
};

/// A value as SQLite has it; null is none of these.
using Cell = std::variant<std::monostate, std::int64_t, double, std::string_view, Bytes>;

std::string_view bytes_of(sqlite3_stmt* statement, int column, const void* data) {
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
  return data == nullptr ? std::string_view("") : std::string_view(static_cast<const char*>(data), size);
}

Cell cell_of(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return sqlite3_column_int64(statement, column);
    case SQLITE_FLOAT:
      return sqlite3_column_double(statement, column);
    case SQLITE_TEXT:
      return bytes_of(statement, column, sqlite3_column_text(statement, column));
    case SQLITE_BLOB:
      return Bytes{bytes_of(statement, column, sqlite3_column_blob(statement, column))};
    default:
      return {};
  }
}

std::string text_of(const Cell& cell) {
  std::string text;
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&cell)) append_double(text, *real);
  if (const auto* own = std::get_if<std::string_view>(&cell)) text = *own;
  if (const auto* bytes = std::get_if<Bytes>(&cell)) {
    text = "x'";
    for (const char byte : bytes->bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    text += "'";
  }
  return text;
}

/// What SQLite calls a value.
std::string word_of(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return "INTEGER";
    case SQLITE_FLOAT:
      return "REAL";
    case SQLITE_BLOB:
      return "BLOB";
    default:
      return "TEXT";
  }
}

class SqliteCursor final : public TextCursor {
 public:
  SqliteCursor(SqliteStatement statement, sqlite3* handle, SqliteKeeper keeper)
      : keeper_(std::move(keeper)), handle_(handle), statement_(std::move(statement)) {
    stepped_ = sqlite3_step(statement_.get());
    columns_ = headers_of(statement_.get());
    // What is no column of a table has no declared type, and is what it is in the first row.
    for (std::size_t i = 0; stepped_ == SQLITE_ROW && i < columns_.size(); ++i) {
      if (columns_[i].type.empty()) columns_[i].type = word_of(statement_.get(), static_cast<int>(i));
    }
  }

  const std::vector<ColumnHeader>& columns() const override { return columns_; }
  Result<bool> next(TextRow& row) override {
    if (!statement_) return false;
    if (stepped_ == SQLITE_ROW) {
      read_text_row(statement_.get(), row);
      stepped_ = sqlite3_step(statement_.get());
      return true;
    }
    // Asked before the statement goes: what went wrong is forgotten with it.
    const Error error = stepped_ == SQLITE_DONE ? Error{} : sqlite_error(handle_, stepped_);
    statement_.reset();
    if (stepped_ == SQLITE_DONE) return false;
    return fail(error);
  }

 private:
  SqliteKeeper keeper_;
  sqlite3* handle_;
  SqliteStatement statement_;
  int stepped_ = SQLITE_DONE;
  std::vector<ColumnHeader> columns_{};
};

/// False: the value is none of the type.
bool append_number(ColumnBuilder& cells, std::uint32_t row, const schema::ColumnType& type, const Cell& cell) {
  const auto* integer = std::get_if<std::int64_t>(&cell);
  const auto* real = std::get_if<double>(&cell);
  switch (type.type) {
    case DataType::bigint:
      if (integer != nullptr) cells.set_int64(row, *integer);
      return integer != nullptr;
    case DataType::bool_:
      if (integer != nullptr && (*integer == 0 || *integer == 1)) cells.set_bool(row, *integer == 1);
      return integer != nullptr && (*integer == 0 || *integer == 1);
    case DataType::double_:
      if (integer == nullptr && real == nullptr) return false;
      cells.set_double(row, integer != nullptr ? static_cast<double>(*integer) : *real);
      return true;
    default:
      return false;
  }
}

bool append_decimal_cell(ColumnBuilder& cells, std::uint32_t row, const schema::ColumnType& type, const Cell& cell) {
  if (std::holds_alternative<Bytes>(cell)) return false;
  const auto number = schema::decimal_from_number_text(text_of(cell), schema::decimal_shape(type));
  if (number) cells.set_decimal(row, *number);
  return number.has_value();
}

bool append_moment(ColumnBuilder& cells, std::uint32_t row, const schema::ColumnType& type, std::string_view text) {
  if (type.type == DataType::date) {
    const auto date = schema::parse_date(text);
    if (date) cells.set_date(row, date->days);
    return date.has_value();
  }
  if (type.type == DataType::time) {
    const auto time = schema::parse_time(text);
    if (time) cells.set_int64(row, time->microseconds);
    return time.has_value();
  }
  const auto moment = schema::parse_timestamp(text);
  if (moment) cells.set_int64(row, moment->microseconds_utc);
  return moment.has_value();
}

bool append(ColumnBuilder& cells, std::uint32_t row, const schema::ColumnType& type, const Cell& cell) {
  if (std::holds_alternative<std::monostate>(cell)) return true;  // a row that is not set is null
  const auto* text = std::get_if<std::string_view>(&cell);
  const auto* bytes = std::get_if<Bytes>(&cell);
  switch (type.type) {
    case DataType::text:
      cells.set_text(row, text_of(cell));
      return true;
    case DataType::json:
      if (text == nullptr) return append(cells, row, {.type = DataType::text}, cell);
      cells.set_text(row, *text);
      return true;
    case DataType::binary:
      if (bytes != nullptr) cells.set_text(row, bytes->bytes);
      return bytes != nullptr;
    case DataType::decimal:
    case DataType::wei:
      return append_decimal_cell(cells, row, type, cell);
    case DataType::date:
    case DataType::time:
    case DataType::timestamp:
      return text != nullptr && append_moment(cells, row, type, *text);
    default:
      return append_number(cells, row, type, cell);
  }
}

/// What all values of a column are together.
class SeenTypes {
 public:
  void add(const Cell& cell) {
    has_integer_ |= std::holds_alternative<std::int64_t>(cell);
    has_real_ |= std::holds_alternative<double>(cell);
    has_text_ |= std::holds_alternative<std::string_view>(cell);
    has_bytes_ |= std::holds_alternative<Bytes>(cell);
  }
  schema::ColumnType type() const {
    const bool has_number = has_integer_ || has_real_;
    if (has_text_ || (has_bytes_ && has_number)) return {.type = DataType::text};
    if (has_bytes_) return {.type = DataType::binary};
    if (has_real_) return {.type = DataType::double_};
    return {.type = has_integer_ ? DataType::bigint : DataType::text};
  }

 private:
  bool has_integer_ = false;
  bool has_real_ = false;
  bool has_text_ = false;
  bool has_bytes_ = false;
};

class SqliteStream {
 public:
  SqliteStream(SqliteStatement statement, sqlite3* handle, SqliteKeeper keeper, JsonFields json)
      : keeper_(std::move(keeper)), handle_(handle), statement_(std::move(statement)), json_(json) {}

  /// Reads the first rows, and decides from them what the columns are.
  Status begin();
  void give_away(ArrowArrayStream* out);

 private:
  static SqliteStream& self(ArrowArrayStream* stream) { return *static_cast<SqliteStream*>(stream->private_data); }
  Result<bool> step();
  Status next(ArrowArray* out);
  void finish_batch(std::vector<ColumnBuilder> cells, std::uint32_t rows, ArrowArray* out) const;
  std::vector<ColumnBuilder> new_cells() const;
  std::optional<schema::ColumnType> declared_type(int column) const;

  SqliteKeeper keeper_;
  sqlite3* handle_;
  SqliteStatement statement_;
  JsonFields json_;
  std::vector<columnar::BatchColumn> columns_{};
  std::vector<ColumnBuilder> first_{};
  std::uint32_t first_rows_ = 0;
  std::uint64_t rows_ = 0;
  bool is_done_ = false;
  std::string error_{};
};

Result<bool> SqliteStream::step() {
  const int stepped = sqlite3_step(statement_.get());
  if (stepped == SQLITE_ROW) return true;
  is_done_ = true;
  if (stepped == SQLITE_DONE) return false;
  return fail(sqlite_error(handle_, stepped));
}

std::optional<schema::ColumnType> SqliteStream::declared_type(int column) const {
  const char* declared = sqlite3_column_decltype(statement_.get(), column);
  if (declared == nullptr) return std::nullopt;
  std::optional<schema::ColumnType> type = named_type(sqlite_dialect(), declared);
  if (!type) return std::nullopt;
  // Lengths and widths bind nobody here.
  if (type->type == DataType::text || type->type == DataType::bigint) type->precision.reset();
  return type;
}

/// A value that stays when the statement steps on.
struct KeptCell {
  Cell cell;
  std::string bytes;

  explicit KeptCell(const Cell& from) : cell(from) {
    if (const auto* text = std::get_if<std::string_view>(&cell)) bytes = *text;
    if (const auto* binary = std::get_if<Bytes>(&cell)) bytes = binary->bytes;
  }
  Cell view() const {
    if (std::holds_alternative<std::string_view>(cell)) return std::string_view(bytes);
    if (std::holds_alternative<Bytes>(cell)) return Bytes{bytes};
    return cell;
  }
};

Status SqliteStream::begin() {
  const int count = sqlite3_column_count(statement_.get());
  std::vector<std::vector<KeptCell>> kept(static_cast<std::size_t>(count));
  while (first_rows_ < batch_rows) {
    const Result<bool> row = step();
    if (!row) return fail(row.error());
    if (!*row) break;
    for (int i = 0; i < count; ++i) kept[static_cast<std::size_t>(i)].emplace_back(cell_of(statement_.get(), i));
    ++first_rows_;
  }
  for (int i = 0; i < count; ++i) {
    const std::vector<KeptCell>& values = kept[static_cast<std::size_t>(i)];
    SeenTypes seen;
    for (const KeptCell& value : values) seen.add(value.cell);
    schema::ColumnType type = declared_type(i).value_or(seen.type());
    for (;;) {
      ColumnBuilder cells(type);
      std::uint32_t row = 0;
      while (row < values.size() && append(cells, row, type, values[row].view())) ++row;
      if (row < values.size()) {
        type = type == seen.type() ? schema::ColumnType{.type = DataType::text} : seen.type();
        continue;
      }
      cells.skip_to(first_rows_);
      first_.push_back(std::move(cells));
      break;
    }
    columns_.push_back({.name = sqlite3_column_name(statement_.get(), i), .type = type});
  }
  return {};
}

std::vector<ColumnBuilder> SqliteStream::new_cells() const {
  std::vector<ColumnBuilder> cells;
  cells.reserve(columns_.size());
  for (const columnar::BatchColumn& column : columns_) cells.emplace_back(column.type);
  return cells;
}

void SqliteStream::finish_batch(std::vector<ColumnBuilder> cells, std::uint32_t rows, ArrowArray* out) const {
  std::vector<ArrowArray> arrays(cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    cells[i].skip_to(rows);
    cells[i].release_into(&arrays[i]);
  }
  columnar::make_batch(std::move(arrays), rows, out);
}

Status SqliteStream::next(ArrowArray* out) {
  *out = {};
  if (first_rows_ > 0) {
    rows_ = first_rows_;
    finish_batch(std::move(first_), std::exchange(first_rows_, 0), out);
    return {};
  }
  if (is_done_) return {};
  std::vector<ColumnBuilder> cells = new_cells();
  std::uint32_t rows = 0;
  for (; rows < batch_rows; ++rows) {
    const Result<bool> row = step();
    if (!row) return fail(row.error());
    if (!*row) break;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (append(cells[i], rows, columns_[i].type, cell_of(statement_.get(), static_cast<int>(i)))) continue;
      return fail(fmt::format("row {} of the answer has a value of another type in column {} than the rows before it",
                              rows_ + rows + 1, columns_[i].name),
                  fmt::format("cast the column to one type in the query, such as CAST({} AS TEXT)", columns_[i].name));
    }
  }
  rows_ += rows;
  if (rows > 0) finish_batch(std::move(cells), rows, out);
  return {};
}

void SqliteStream::give_away(ArrowArrayStream* out) {
  out->get_schema = [](ArrowArrayStream* stream, ArrowSchema* schema) {
    const std::vector<columnar::BatchColumn>& columns = self(stream).columns_;
    columnar::make_batch_schema(columns, schema);
    for (std::size_t i = 0; i < columns.size() && self(stream).json_ == JsonFields::marked; ++i) {
      if (columns[i].type.type == DataType::json) schema->children[i]->metadata = json_metadata().data();
    }
    return 0;
  };
  out->get_next = [](ArrowArrayStream* stream, ArrowArray* batch) {
    const Status done = self(stream).next(batch);
    if (done) return 0;
    self(stream).error_ = done.error().message;
    return EIO;
  };
  out->get_last_error = [](ArrowArrayStream* stream) { return self(stream).error_.c_str(); };
  out->release = [](ArrowArrayStream* stream) {
    delete static_cast<SqliteStream*>(stream->private_data);
    stream->release = nullptr;
  };
  out->private_data = this;
}

}  // namespace

void read_text_row(sqlite3_stmt* statement, TextRow& row) {
  const int count = sqlite3_column_count(statement);
  row.resize(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    const Cell cell = cell_of(statement, i);
    TextCell& text = row[static_cast<std::size_t>(i)];
    if (std::holds_alternative<std::monostate>(cell)) {
      text.reset();
    } else {
      text = text_of(cell);
    }
  }
}

std::vector<ColumnHeader> headers_of(sqlite3_stmt* statement) {
  std::vector<ColumnHeader> headers;
  for (int i = 0; i < sqlite3_column_count(statement); ++i) {
    const char* declared = sqlite3_column_decltype(statement, i);
    headers.push_back({.name = sqlite3_column_name(statement, i), .type = declared == nullptr ? "" : declared});
  }
  return headers;
}

std::unique_ptr<TextCursor> make_sqlite_cursor(SqliteStatement statement, sqlite3* handle, SqliteKeeper keeper) {
  return std::make_unique<SqliteCursor>(std::move(statement), handle, std::move(keeper));
}

Status export_sqlite(SqliteStatement statement, sqlite3* handle, SqliteKeeper keeper, JsonFields json,
                     ArrowArrayStream* out) {
  auto stream = std::make_unique<SqliteStream>(std::move(statement), handle, std::move(keeper), json);
  if (Status begun = stream->begin(); !begun) return begun;
  stream.release()->give_away(out);
  return {};
}

}  // namespace outfall::sql
