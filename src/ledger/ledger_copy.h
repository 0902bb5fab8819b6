// SPDX-License-Identifier: Apache-2.0
//
// Ledgers that have copies elsewhere: what a copy is made of, and how a ledger remembers where it belongs.
//
// The mark is one line in the ledger itself, so that it is never on the disk without what it is about. Only the layer
// above knows what it says (src/shared_state/local_state.h).
#pragma once

#include <optional>
#include <string>

#include "outfall/error.h"

namespace outfall::ledger {

/// Copies what is committed now, also while somebody writes, into a file of its own. `to` must not be there.
Status copy_ledger(const std::string& from, const std::string& to);

struct LedgerFacts {
  std::string mark;       ///< empty: it has none
  bool has_work = false;  ///< something was sealed, ever
};

/// None: there is no ledger, or nothing was recorded in it.
///
/// Errors: abandon: a newer Outfall wrote it, it is none, or it is damaged.
Result<std::optional<LedgerFacts>> look_at_ledger(const std::string& path);

/// Sets the mark of a ledger that is there; empty takes it away. The pipeline's lock must be held.
Status mark_ledger(const std::string& path, const std::string& mark);

}  // namespace outfall::ledger
