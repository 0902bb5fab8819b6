// SPDX-License-Identifier: Apache-2.0
//
// The contracts that a schema document has: of a table, of the tables below it, and of all tables (its settings).
#pragma once

#include <string_view>

#include "outfall/contract.h"
#include "schema/schema.h"

namespace outfall::schema {

/// What holds for the table: its own contract, or that of the nearest table around it, or that of the settings. What
/// none of them says evolves.
///
/// Errors: abandon: a contract has a mode that is not known here.
Result<Contract> contract_of(const Schema& schema, std::string_view table);

/// Writes it as dlt does: one word where all three are one mode.
void set_contract(Table& table, const Contract& contract);

/// Whether nothing is known of the table but hints: the first load that fills it makes it.
bool is_unfilled(const Table& table);

/// Whether the table may get columns against its contract until rows have come into it (dlt's evolve-columns-once).
bool evolves_once(const Table& table);

}  // namespace outfall::schema
