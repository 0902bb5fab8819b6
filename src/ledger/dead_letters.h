// SPDX-License-Identifier: Apache-2.0
//
// Writing the table dead_letters, inside the transaction that seals their package.
#pragma once

#include <string>

#include "base/sqlite.h"
#include "outfall/error.h"

namespace outfall::ledger {

struct LetterOwner {
  std::string load_id;
  std::string run_id;
  std::string status = "open";
};

/// Keeps what was set aside (Ledger::set_aside), behind what the load has. Inside a write transaction.
Status keep_letters(Database& database, const LetterOwner& owner);

}  // namespace outfall::ledger
