// SPDX-License-Identifier: Apache-2.0
//
// Replacements: which loads of a pipeline have replaced tables, so that what was there before counts as gone.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ledger/ledger.h"
#include "pipeline/loads_there.h"
#include "schema/naming.h"

namespace outfall::pipeline {

class Replacements {
 public:
  /// `name_length_max`: of tables, at the destination.
  static Result<Replacements> read(ledger::Ledger& ledger, std::optional<schema::NameLimit> name_length_max);

  /// The newest load that has replaced, or is about to, what this one brought. Empty: none.
  Result<std::string> of(const ledger::SealedInput& earlier, LoadsThere& there) const;

 private:
  std::map<std::string, std::vector<std::string>> loads_;
  std::set<std::string> pending_;
  std::optional<schema::Naming> naming_;
};

/// How the pipeline has named its tables so far. None: it has no schema yet, or one of a convention that we cannot run.
Result<std::optional<schema::Naming>> stored_naming(ledger::Ledger& ledger,
                                                    std::optional<schema::NameLimit> name_length_max);

}  // namespace outfall::pipeline
