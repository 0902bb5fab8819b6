// SPDX-License-Identifier: Apache-2.0
//
// Which inputs a run takes. An input is its content: what an interrupted run has sealed already is not read into a
// second load.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ledger/ledger.h"
#include "normalize/document_source.h"
#include "outfall/pipeline.h"
#include "outfall/report.h"
#include "outfall/types.h"
#include "pipeline/loads_there.h"
#include "pipeline/run.h"
#include "schema/naming.h"

namespace outfall::pipeline {

/// Whether an input of this fate is read by the run.
constexpr bool is_read(InputFate fate) {
  return fate == InputFate::loaded || fate == InputFate::changed;
}

struct InputChoice {
  std::vector<InputReport> reports;               ///< one an input of the source
  std::vector<ledger::SealedInput> acknowledged;  ///< sealed by runs that did not end; this run answers for them
  std::set<std::string> finished{};               ///< the loads among those whose inputs this run was asked for again
};

enum class SkipLoaded { no, yes };

struct InputQuestion {
  SkipLoaded skip_loaded = SkipLoaded::no;
  bool empties_tables = false;
  std::optional<schema::NameLimit> name_length_max{};  ///< of tables, at the destination
};

InputQuestion input_question(const RunRequest& request);

/// Every input that is there, as where nothing was sealed before.
InputChoice choose_all(const normalize::DocumentSource& source);

/// Decides each input's fate and tells the source which to leave out; what the destination has lost does not count.
/// Files are read for their hash only where the ledger knows something of the same path and size; a stream is used up
/// for it where the ledger knows its run key.
///
/// Errors: the destination cannot be read; a stream is not what was sealed under its run key, or is to replace a table
/// after it was used up.
Result<InputChoice> choose_inputs(normalize::DocumentSource& source, ledger::Ledger& ledger, LoadsThere& loads,
                                  const InputQuestion& question);

}  // namespace outfall::pipeline
