// SPDX-License-Identifier: Apache-2.0
//
// What the ledger knows that a destination which takes rows in batches needs.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "delivery/destination.h"
#include "ledger/ledger.h"
#include "outfall/error.h"
#include "schema/schema.h"

namespace outfall::pipeline {

/// Null where packages are taken as a whole.
Result<std::shared_ptr<delivery::LoadBoard>> load_board(ledger::Ledger& ledger,
                                                        const delivery::Destination& destination,
                                                        const ledger::PackageRecord& package);

/// The schema of the newest load before this one that was delivered. None: there is none.
Result<std::optional<schema::Schema>> schema_before(ledger::Ledger& ledger, const std::string& load_id);

/// Of a package whose rows are those of dead letters: there is no bound on rejected ones, and their letters stay.
Result<delivery::LaneContext> replay_context(ledger::Ledger& ledger, const std::string& load_id,
                                             delivery::LaneContext context);

}  // namespace outfall::pipeline
