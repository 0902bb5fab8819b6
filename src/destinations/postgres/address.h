// SPDX-License-Identifier: Apache-2.0
//
// The forms in which a PostgreSQL database is named: postgres://USER@HOST:PORT/DATABASE?OPTIONS, postgresql://..., and
// postgres:KEY=VALUE ..., all as libpq takes them.
#pragma once

#include <string>
#include <string_view>

#include "outfall/error.h"

namespace outfall::destinations::postgres {

/// Whether an address is of this kind.
bool is_address(std::string_view address);

struct Address {
  std::string uri;    ///< for the driver, with all that is secret
  std::string shown;  ///< the same without passwords
};

/// With a limit to the time that connecting takes and that a silent network goes unnoticed, unless it has its own.
///
/// Errors: usage: it is no address of this kind, or libpq would read it otherwise than it is meant, and print what it
///         does not know of a password.
Result<Address> parse_address(std::string_view address);

/// `Address::shown`, also of one that cannot be parsed.
std::string shown_address(std::string_view address);

}  // namespace outfall::destinations::postgres
