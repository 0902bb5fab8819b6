// SPDX-License-Identifier: Apache-2.0
#include "pipeline/loads_there.h"

#include <utility>
#include <vector>

namespace outfall::pipeline {

Result<bool> LoadsThere::has(const std::string& load_id) {
  if (destination_ == nullptr || !destination_->records_loads()) return true;
  if (!found_) {
    Result<std::vector<std::string>> loads = destination_->recorded_loads(dataset_, "", inspection_);
    destination_->close();  // others may use it while inputs are read and compared
    if (!loads) return fail(std::move(loads.error()));
    found_.emplace(loads->begin(), loads->end());
  }
  return found_->contains(load_id);
}

}  // namespace outfall::pipeline
