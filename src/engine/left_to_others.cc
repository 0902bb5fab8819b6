// SPDX-License-Identifier: Apache-2.0
#include "engine/left_to_others.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ledger/ledger.h"

namespace outfall::engine {

void LeftToOthers::add(const ledger::PipelinePaths& paths, const std::string& key, const std::string& address) {
  pipelines_.push_back(fmt::format("{} ({})", key, address));
  Result<ledger::Ledger> ledger = ledger::Ledger::open_read_only(paths.database);
  const auto pending = ledger ? ledger->pending() : fail(ledger.error());
  is_pending_ = is_pending_ || !pending || !pending->empty();
}

std::string LeftToOthers::note(std::string_view what_can) const {
  return fmt::format("left alone, because they are for functions of programs, which alone can {}: {}", what_can,
                     fmt::join(pipelines_, ", "));
}

}  // namespace outfall::engine
