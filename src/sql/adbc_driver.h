// SPDX-License-Identifier: Apache-2.0
//
// ADBC drivers: shared libraries that are opened at run time, one a database, and the errors that they give.
//
// Only the adbc_*.cc files of this folder include this header: ADBC's own header ends here.
#pragma once

#include <arrow-adbc/adbc.h>

#include <optional>
#include <string>
#include <string_view>

#include "outfall/error.h"
#include "sql/connection.h"

namespace outfall::sql {

/// The driver's functions. Opened with the first call; an error is tried again by the next one. Never closed. Threads:
/// safe.
///
/// Errors: usage: it is not there, or is no driver.
Result<const AdbcDriver*> postgresql_driver();

/// An error struct that is released.
class AdbcAnswer {
 public:
  AdbcAnswer() = default;
  AdbcAnswer(const AdbcAnswer&) = delete;
  AdbcAnswer& operator=(const AdbcAnswer&) = delete;
  ~AdbcAnswer() {
    if (error_.release != nullptr) error_.release(&error_);
  }

  AdbcError* out() { return &error_; }
  const AdbcError& get() const { return error_; }

 private:
  AdbcError error_ = ADBC_ERROR_INIT;
};

/// What the database said, with what it says of the place, and whether trying again can help.
Error adbc_error(const AdbcDriver& driver, const AdbcError& answer, AdbcStatusCode code);

/// Whether it is an error about a row, as far as its state says, and which line of the rows that were copied into a
/// table; empty: none were. Of an error of adbc_error.
std::optional<RefusedRow> adbc_refused_row(const Error& error, std::string_view copied_into);

}  // namespace outfall::sql
