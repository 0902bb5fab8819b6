// SPDX-License-Identifier: Apache-2.0
//
// Input that no later run can recognize (standard input without a run key), and what a person is told of it: before the
// seal it must be sent again, after it nothing need be sent.
#pragma once

#include <string>
#include <vector>

#include "ledger/records.h"
#include "normalize/document_source.h"

namespace outfall::pipeline {

/// What a run of this source records of its input. Null: a run that only finishes what is pending.
ledger::RunInput input_kind(const normalize::DocumentSource* source);

/// Notes about runs that died, for a run with input of the kind `now`.
std::vector<std::string> notes_on_unended(const std::vector<ledger::UnendedRun>& unended, ledger::RunInput now);

/// Whether a run that ends before its seal brought something of an earlier one to its end.
enum class Delivered { nothing, earlier_package };

/// What to say of a run that ends before its seal.
std::string nothing_loaded_note(const normalize::DocumentSource& source, Delivered delivered);

}  // namespace outfall::pipeline
