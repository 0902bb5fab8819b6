// SPDX-License-Identifier: Apache-2.0
//
// EarlierLoads: what was loaded or sealed before of the content that a run has just read, by its own pipeline and by
// its neighbours. A pipeline that was not named goes by its tables, so a command with other tables is another pipeline,
// and does not know by itself what this one knows.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "ledger/ledger.h"
#include "pipeline/loads_there.h"
#include "pipeline/run.h"
#include "schema/naming.h"

namespace outfall::pipeline {

/// An input whose content is known.
struct ReadInput {
  std::size_t index = 0;  ///< in the source
  const ledger::InputRecord& record;
  const std::string& run_key;
};

class EarlierLoads {
 public:
  /// Looks what the neighbours have sealed of the run's inputs for the same tables, as far as it is at the destination
  /// or on the way there. One whose state cannot be read is left out: the command that works on it says why. What they
  /// seal later is not seen.
  ///
  /// `own`: the ledger of the run's pipeline; null: it has none yet.
  static Result<EarlierLoads> find(const RunRequest& request, ledger::Ledger* own, const schema::Naming& naming,
                                   LoadsThere& loads);

  /// What to say of an input that runs with an end have loaded before: the same content, or under its run key another
  /// one.
  ///
  /// Errors: a neighbour has sealed the same content for the same table and has not finished with it, so that it would
  /// come twice.
  Result<std::vector<std::string>> notes_on(const ReadInput& input, LoadsThere& loads) const;

 private:
  struct Sealed {
    std::string by;  ///< a neighbour
    ledger::SealedInput input;
  };

  EarlierLoads(ledger::Ledger* own, bool replaces) : own_(own), replaces_(replaces) {}

  Result<std::string> note_of_own(const ReadInput& input, LoadsThere& loads) const;

  ledger::Ledger* own_;
  bool replaces_;                              ///< tables: what was there before does not count
  std::multimap<std::size_t, Sealed> sealed_;  ///< by input of the source
};

}  // namespace outfall::pipeline
