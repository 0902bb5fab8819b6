// SPDX-License-Identifier: Apache-2.0
#include "sql/adbc_statement.h"

#include <utility>
#include <vector>

#include "columnar/column_builder.h"
#include "columnar/table_batch.h"

namespace outfall::sql {

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
    const auto* integer = std::get_if<std::int64_t>(&value);
    const schema::ColumnType type{.type = integer != nullptr ? DataType::bigint : DataType::text};
    columnar::ColumnBuilder cells(type);
    if (integer != nullptr) cells.set_int64(0, *integer);
    if (const auto* text = std::get_if<std::string>(&value)) cells.set_text(0, *text);
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
