// SPDX-License-Identifier: Apache-2.0
//
// Pipelines that a call for all of them passes over, because they are for functions of other programs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ledger/data_dir.h"

namespace outfall::engine {

class LeftToOthers {
 public:
  void add(const ledger::PipelinePaths& paths, const std::string& key, const std::string& address);

  bool is_empty() const { return pipelines_.empty(); }
  /// Whether one of them has sealed rows that are not delivered.
  bool is_pending() const { return is_pending_; }
  /// `what_can`: "resume them (Pipeline::resume)".
  std::string note(std::string_view what_can) const;

 private:
  std::vector<std::string> pipelines_;  ///< "p (custom:sink)"
  bool is_pending_ = false;
};

}  // namespace outfall::engine
