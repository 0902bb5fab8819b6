// SPDX-License-Identifier: Apache-2.0
//
// Writing the table dead_letters, inside the transaction that seals their package.
#pragma once

#include <string>

#include "base/sqlite.h"
#include "outfall/error.h"

namespace outfall::ledger {

/// Keeps what was set aside (Ledger::set_aside). Inside a write transaction.
Status keep_letters(Database& database, const std::string& run_id, const std::string& load_id);

}  // namespace outfall::ledger
