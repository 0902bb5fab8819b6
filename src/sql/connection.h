// SPDX-License-Identifier: Apache-2.0
//
// Connection: the few things that we ask of a database, so that many can answer.
//
// One connection is used from one thread at a time; only `cancel` may be called from others. Native errors are
// classified once, where they are seen: the Error that comes out already says whether trying again can help
// (outfall/error.h, Remedy).
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "outfall/arrow.h"
#include "outfall/error.h"
#include "outfall/rows.h"

namespace outfall::sql {

struct Dialect;

/// A table, named in full. The catalog may be empty where a database knows none.
struct TableName {
  std::string catalog;
  std::string schema;
  std::string table;
};

struct BinaryValue {
  std::string bytes;
};
struct JsonValue {
  std::string text;
};

/// What a statement's placeholder takes. Our own statements have null, numbers and texts, and write other types as a
/// cast around a text.
using Value = std::variant<std::monostate, std::int64_t, std::string, bool, double, Decimal, BinaryValue, JsonValue,
                           Date, TimeOfDay, Timestamp>;

using TextCell = std::optional<std::string>;
using TextRow = std::vector<TextCell>;

struct ColumnHeader {
  std::string name;
  std::string type;  ///< the database's own word for it
};

/// The rows of a query, one at a time, each cell as the database would print it. Holds the connection until it is
/// destroyed.
class TextCursor {
 public:
  virtual ~TextCursor() = default;
  virtual const std::vector<ColumnHeader>& columns() const = 0;
  /// False: there are no more rows, and `row` is untouched.
  virtual Result<bool> next(TextRow& row) = 0;
};

/// What a row gets that brings no value for a column that may not be null.
struct DefaultValue {
  std::string expression;
  std::string word;  ///< the database's for the type of the column
};
using DefaultValues = std::unordered_map<std::string, DefaultValue>;  ///< by folded name of the column

/// Which columns of a stream are inserted. Holds nothing itself.
struct InsertColumns {
  template <class Names>
    requires std::convertible_to<Names, std::span<const std::string>>
  InsertColumns(const Names& columns, const DefaultValues* values = nullptr) : names(columns), defaults(values) {}

  std::span<const std::string> names;
  const DefaultValues* defaults;  ///< what stands in the place of nulls; null: nothing does
};

/// A row because of which a statement failed.
struct RefusedRow {
  std::string reason;                  ///< what the database says, without the number of the row
  std::optional<std::uint64_t> row{};  ///< its place in the stream, from 0; none: it does not say which one it is
};

class Connection {
 public:
  virtual ~Connection() = default;

  virtual const Dialect& dialect() const = 0;

  /// The catalog in which our datasets live; empty where a database knows none.
  virtual const std::string& catalog() const = 0;

  /// Has the dataset within reach, where a database keeps each in a file of its own. Outside of transactions.
  enum class IfMissing { leave, make };
  virtual Status open_dataset([[maybe_unused]] const std::string& dataset, [[maybe_unused]] IfMissing if_missing) {
    return {};
  }

  /// Runs one statement and forgets its rows. Returns the number of rows it changed.
  virtual Result<std::uint64_t> execute(std::string_view statement, std::span<const Value> values = {}) = 0;

  /// For questions to the catalog and system tables.
  ///
  /// Errors: more than limits::catalog_rows_max rows.
  virtual Result<std::vector<TextRow>> rows(std::string_view query, std::span<const Value> values = {}) = 0;

  /// Runs one query, whose rows are fetched as they are asked for.
  virtual Result<std::unique_ptr<TextCursor>> cursor(std::string_view query) = 0;

  /// The columns that a query would give, with the database's words for their types in full. Nothing is read. Outside
  /// of transactions.
  virtual Result<std::vector<ColumnHeader>> describe(std::string_view query) = 0;

  /// The rows of one query as record batches. `out` is to be released before the connection goes.
  virtual Status query(std::string_view query, ArrowArrayStream* out) = 0;

  /// Runs a person's statement, whatever it is. Where it gives rows, they come through `out`, which is to be released
  /// before anything else is asked; else `out` is untouched, and the answer is how many rows it changed.
  virtual Result<std::optional<std::uint64_t>> answer(std::string_view statement, std::span<const Value> values,
                                                      ArrowArrayStream* out) = 0;

  /// Rows that every batch but the last should have to go in fast, where the table has so many columns and its rows
  /// take so many bytes; 0: any number will do.
  virtual std::uint64_t batch_rows([[maybe_unused]] std::size_t columns,
                                   [[maybe_unused]] std::uint64_t row_bytes) const {
    return 0;
  }

  /// Whether streams that are inserted may have dictionaries and runs.
  virtual bool takes_encodings() const { return true; }

  /// Told before a load's transaction how many bytes its rows take and how many columns its tables have together, so
  /// that the database may choose how it stores them.
  virtual Status prepare_load([[maybe_unused]] std::uint64_t bytes, [[maybe_unused]] std::size_t columns) { return {}; }

  /// Appends all rows of the stream to the table, columns matched by name, and returns how many the database says it
  /// took.
  ///
  /// The stream is released in every case.
  virtual Result<std::uint64_t> insert_stream(const TableName& table, const InsertColumns& columns,
                                              ArrowArrayStream* stream) = 0;

  /// Appends what a query would select to the table, columns matched by name. `source` is what stands behind its FROM.
  virtual Result<std::uint64_t> insert_selected(const TableName& table, const InsertColumns& columns,
                                                std::string_view source) = 0;

  /// What the newest statement that failed says of its rows. None: they are not why it failed, as far as is known.
  virtual std::optional<RefusedRow> refused_row() const { return std::nullopt; }

  /// Until `look_back`, names without a schema are looked up in the dataset first: rules of its tables may call what is
  /// there.
  virtual Status look_in([[maybe_unused]] const std::string& dataset) { return {}; }
  virtual Status look_back() { return {}; }

  virtual Status begin() = 0;
  virtual Status commit() = 0;
  virtual Status roll_back() = 0;

  /// Makes the running statement, and every later one, end with an error. From any thread.
  virtual void cancel() = 0;
};

/// Looks in a dataset as long as it exists.
class LookIn {
 public:
  LookIn(Connection& connection, const std::string& dataset)
      : connection_(connection), status_(connection.look_in(dataset)) {}
  ~LookIn() { (void)connection_.look_back(); }
  LookIn(const LookIn&) = delete;
  LookIn& operator=(const LookIn&) = delete;

  const Status& status() const { return status_; }

 private:
  Connection& connection_;
  Status status_;
};

namespace limits {
/// A dataset of 1,000 tables with 1,000 columns each is beyond what we have seen; more is a mistake, not a dataset.
inline constexpr std::size_t catalog_rows_max = 2'000'000;
}  // namespace limits

}  // namespace outfall::sql
