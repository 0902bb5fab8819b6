// SPDX-License-Identifier: Apache-2.0
//
// Writing the table dead_letters, inside transactions that do more.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/sqlite.h"
#include "ledger/records.h"
#include "outfall/error.h"

namespace outfall::ledger {

struct LetterOwner {
  std::string load_id;
  std::string run_id;
  std::string status = "open";
};

// All inside a write transaction.

/// Keeps what was set aside (Ledger::set_aside), behind what the load has.
Status keep_letters(Database& database, const LetterOwner& owner);

/// Calls the letters replaying whose rows the load brings once more. Errors: one of them is not open.
Status replay_letters(Database& database, const std::string& load_id, std::span<const ReplayedLetter> letters,
                      std::int64_t now);

/// Of a replay: what was set aside of rows of its jobs says why these letters are open again.
Status reopen_rejected_letters(Database& database, const std::string& load_id);

/// Ledger::overtake_letters. Rows that the load leaves out overtake nothing.
Status overtake(Database& database, const std::string& load_id, std::span<const DeliveredKey> delivered);

/// Of a load that is complete: its proposed letters count. Of a replay they say why letters are open again; all others
/// are replayed.
Status settle_letters(Database& database, const std::string& load_id);

/// Of a load that ends before it is complete: its proposed letters are gone. Letters of a replay are replayed where the
/// load's lanes have settled their rows, and else open again.
Status release_letters(Database& database, const std::string& load_id);

}  // namespace outfall::ledger
