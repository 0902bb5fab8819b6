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

/// Where the state of the pipeline is shared (ledger_copy.h).
inline constexpr std::string_view shared_mark_key = "shared_state";

/// Inside a write transaction.
Status put_value(Database& database, std::string_view key, std::string_view value);

/// Empty: there is no such key.
Result<std::optional<std::string>> get_value(Database& database, std::string_view key);

}  // namespace outfall::ledger
