// SPDX-License-Identifier: Apache-2.0
//
// Refused documents as JSON, made from the rows that they have become.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "delivery/destination.h"
#include "delivery/staged_tables.h"
#include "sql/transaction.h"

namespace outfall::delivery {

/// Hands over all documents that are marked as refused, table by table, in the order of their rows. Some megabytes of
/// them are in memory at once, whatever their number. `rows`: how many of each table belong to them.
///
/// Errors: also: other rows were handed over than `rows` says, so that some would be nowhere.
Status tell_refused(sql::Transaction& transaction, const StagedTables& staged,
                    const std::map<std::string, std::uint64_t>& rows, Refusals& refusals);

}  // namespace outfall::delivery
