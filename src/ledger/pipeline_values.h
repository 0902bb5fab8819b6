// SPDX-License-Identifier: Apache-2.0
//
// The table pipeline: what is known of the pipeline itself, one value a key.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/sqlite.h"
#include "outfall/error.h"

namespace outfall::ledger {

/// Inside a write transaction.
Status put_value(Database& database, std::string_view key, std::string_view value);

/// Empty: there is no such key.
Result<std::optional<std::string>> get_value(Database& database, std::string_view key);

}  // namespace outfall::ledger
