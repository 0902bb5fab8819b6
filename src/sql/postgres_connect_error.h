// SPDX-License-Identifier: Apache-2.0
//
// What libpq says of a connection that did not come about: it gives no SQLSTATE then, only its own words and the
// server's.
#pragma once

#include <string_view>

#include "outfall/error.h"

namespace outfall::sql {

/// With a hint for what a person can do something about. What a person has to change first is usage and is not tried
/// again; for anything else trying again may help.
Error postgres_connect_error(std::string_view said);

}  // namespace outfall::sql
