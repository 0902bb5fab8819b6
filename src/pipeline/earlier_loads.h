// SPDX-License-Identifier: Apache-2.0
//
// EarlierLoads: what was loaded or sealed before of the content that a run has just read, by its own pipeline and by
// others beside it. A pipeline that was not named goes by its tables, so a command with other tables is another
// pipeline, and does not know by itself what this one knows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ledger/ledger.h"
#include "pipeline/loads_there.h"
#include "pipeline/replacements.h"
#include "pipeline/run.h"
#include "schema/naming.h"

namespace outfall::pipeline {

/// An input whose content is known.
struct ReadInput {
  const ledger::InputRecord& record;
  const std::string& run_key;
  std::string table;  ///< as it is called at the destination
};

class EarlierLoads {
 public:
  /// Looks for the other pipelines of the same data directory that load into the same dataset; for none where the run's
  /// pipeline was named: then others are others on purpose. One whose state cannot be read is left out: the command
  /// that works on it says why.
  ///
  /// `own`: the ledger of the run's pipeline; null: it has none yet.
  static Result<EarlierLoads> find(const RunRequest& request, ledger::Ledger* own);

  /// What to say of an input that runs with an end have loaded before: the same content, or under its run key another
  /// one.
  ///
  /// Errors: another pipeline has sealed the same content for the same table and has not finished with it, so that it
  /// would come twice; the destination cannot be read.
  Result<std::vector<std::string>> notes_on(const ReadInput& input, LoadsThere& loads);

 private:
  struct Other {
    std::string key;
    ledger::Ledger ledger;
    Replacements replacements;
    std::optional<schema::Naming> naming;
  };

  EarlierLoads(const RunRequest& request, ledger::Ledger* own) : request_(request), own_(own) {}

  Status open(const std::string& key);
  bool replaces() const { return request_.options.write_disposition == WriteDisposition::replace; }
  bool is_same_name(const std::string& a, const std::string& b) const;
  Result<std::string> note_of_own(const ReadInput& input, LoadsThere& loads) const;
  Result<bool> still_counts(const Other& other, const ledger::SealedInput& sealed, LoadsThere& loads) const;
  Result<std::string> note_of(Other& other, const ReadInput& input, LoadsThere& loads) const;

  const RunRequest& request_;
  ledger::Ledger* own_;
  Replacements own_replacements_;
  std::vector<Other> others_;
};

}  // namespace outfall::pipeline
