// SPDX-License-Identifier: Apache-2.0
//
// One statement of an ADBC driver, released when it goes out of scope.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sql/adbc_driver.h"
#include "sql/connection.h"

namespace outfall::sql {

class DriverStatement {
 public:
  static Result<DriverStatement> make(const AdbcDriver& driver, AdbcConnection& connection);

  DriverStatement(DriverStatement&& other) noexcept;
  DriverStatement& operator=(DriverStatement&&) = delete;
  ~DriverStatement();

  Status set_option(const char* name, const std::string& value);
  Status set_query(std::string_view query);
  Status bind(std::span<const Value> values);
  /// Takes the stream over.
  Status bind_stream(ArrowArrayStream* stream);

  /// `out` null: its rows are forgotten. Returns the rows that were changed, or -1.
  Result<std::int64_t> execute(ArrowArrayStream* out);
  /// What its rows would be.
  Status schema(ArrowSchema* out);

 private:
  explicit DriverStatement(const AdbcDriver& driver) : driver_(&driver) {}
  Status answered(AdbcStatusCode code, const AdbcAnswer& answer) const;

  const AdbcDriver* driver_;
  std::optional<AdbcStatement> statement_;
};

}  // namespace outfall::sql
