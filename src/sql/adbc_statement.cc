// SPDX-License-Identifier: Apache-2.0
#include "sql/adbc_statement.h"

#include <utility>
#include <vector>

#include "columnar/column_builder.h"
#include "columnar/table_batch.h"
#include "schema/decimal.h"

namespace outfall::sql {

namespace {

struct TypeOfValue {
  schema::ColumnType operator()(std::monostate) const { return {.type = DataType::text}; }
  schema::ColumnType operator()(std::int64_t) const { return {.type = DataType::bigint}; }
  schema::ColumnType operator()(const std::string&) const { return {.type = DataType::text}; }
  schema::ColumnType operator()(bool) const { return {.type = DataType::bool_}; }
  schema::ColumnType operator()(double) const { return {.type = DataType::double_}; }
  schema::ColumnType operator()(const Decimal& value) const {
    return {.type = DataType::decimal, .precision = schema::decimal_precision_max, .scale = value.scale};
  }
  schema::ColumnType operator()(const BinaryValue&) const { return {.type = DataType::binary}; }
  schema::ColumnType operator()(const JsonValue&) const { return {.type = DataType::text}; }
  schema::ColumnType operator()(Date) const { return {.type = DataType::date}; }
  schema::ColumnType operator()(const TimeOfDay&) const { return {.type = DataType::time}; }
  schema::ColumnType operator()(const Timestamp& value) const {
    return {.type = DataType::timestamp, .with_timezone = value.has_zone};
  }
};

/// The cell of the only row.
struct SetCell {
  columnar::ColumnBuilder& cells;
  const schema::ColumnType& type;

  void operator()(std::monostate) const {}
  void operator()(std::int64_t value) const { cells.set_int64(0, value); }
  void operator()(const std::string& value) const { cells.set_text(0, value); }
  void operator()(bool value) const { cells.set_bool(0, value); }
  void operator()(double value) const { cells.set_double(0, value); }
  void operator()(const Decimal& value) const {
    const auto number = schema::decimal_from_number_text(value.text(), schema::decimal_shape(type));
    if (number) cells.set_decimal(0, *number);
  }
  void operator()(const BinaryValue& value) const { cells.set_text(0, value.bytes); }
  void operator()(const JsonValue& value) const { cells.set_text(0, value.text); }
  void operator()(Date value) const { cells.set_date(0, static_cast<std::int32_t>(value.time_since_epoch().count())); }
  void operator()(const TimeOfDay& value) const {
    cells.set_int64(0, std::chrono::duration_cast<std::chrono::microseconds>(value.since_midnight).count());
  }
  /// The server counts microseconds.
  void operator()(const Timestamp& value) const { cells.set_int64(0, value.at.time_since_epoch().count()); }
};

}  // namespace

Result<DriverStatement> DriverStatement::make(const AdbcDriver& driver, AdbcConnection& connection) {
  DriverStatement made(driver);
  made.statement_.emplace();
  AdbcAnswer answer;
  const AdbcStatusCode code = driver.StatementNew(&connection, &*made.statement_, answer.out());
  if (code == ADBC_STATUS_OK) return made;
  made.statement_.reset();
  return fail(adbc_error(driver, answer.get(), code));
}

DriverStatement::DriverStatement(DriverStatement&& other) noexcept
    : driver_(other.driver_), statement_(std::exchange(other.statement_, std::nullopt)) {}

DriverStatement::~DriverStatement() {
  AdbcAnswer ignored;
  if (statement_) driver_->StatementRelease(&*statement_, ignored.out());
}

Status DriverStatement::answered(AdbcStatusCode code, const AdbcAnswer& answer) const {
  if (code == ADBC_STATUS_OK) return {};
  return fail(adbc_error(*driver_, answer.get(), code));
}

Status DriverStatement::set_option(const char* name, const std::string& value) {
  AdbcAnswer answer;
  return answered(driver_->StatementSetOption(&*statement_, name, value.c_str(), answer.out()), answer);
}

Status DriverStatement::set_query(std::string_view query) {
  AdbcAnswer answer;
  return answered(driver_->StatementSetSqlQuery(&*statement_, std::string(query).c_str(), answer.out()), answer);
}

Status DriverStatement::bind(std::span<const Value> values) {
  if (values.empty()) return {};
  std::vector<columnar::BatchColumn> columns;
  std::vector<ArrowArray> arrays;
  for (const Value& value : values) {
    const schema::ColumnType type = std::visit(TypeOfValue{}, value);
    columnar::ColumnBuilder cells(type);
    std::visit(SetCell{cells, type}, value);
    cells.skip_to(1);
    cells.release_into(&arrays.emplace_back());
    columns.push_back({.name = "", .type = type});
  }
  ArrowSchema schema{};
  ArrowArray row{};
  columnar::make_batch_schema(columns, &schema);
  columnar::make_batch(std::move(arrays), 1, &row);
  AdbcAnswer answer;
  return answered(driver_->StatementBind(&*statement_, &row, &schema, answer.out()), answer);
}

Status DriverStatement::bind_stream(ArrowArrayStream* stream) {
  AdbcAnswer answer;
  return answered(driver_->StatementBindStream(&*statement_, stream, answer.out()), answer);
}

Result<std::int64_t> DriverStatement::execute(ArrowArrayStream* out) {
  std::int64_t changed = -1;
  AdbcAnswer answer;
  const AdbcStatusCode code = driver_->StatementExecuteQuery(&*statement_, out, &changed, answer.out());
  if (Status done = answered(code, answer); !done) return fail(std::move(done.error()));
  return changed;
}

Status DriverStatement::schema(ArrowSchema* out) {
  AdbcAnswer answer;
  return answered(driver_->StatementExecuteSchema(&*statement_, out, answer.out()), answer);
}

}  // namespace outfall::sql
