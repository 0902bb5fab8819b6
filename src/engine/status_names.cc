// SPDX-License-Identifier: Apache-2.0
//
// Says which pipelines there are when the one that was asked for is not.
#include "engine/status_names.h"

#include <fmt/format.h>

namespace outfall::engine {

Error no_such_pipeline(const std::string& name, const std::string& data_dir, std::span<const std::string> pipelines) {
  constexpr std::size_t names_max = 10;  // a hint is one line
  std::string known;
  for (const std::string& pipeline : pipelines.first(std::min(names_max, pipelines.size()))) {
    known += (known.empty() ? "" : ", ") + pipeline;
  }
  if (pipelines.size() > names_max) known += fmt::format(" and {} more", pipelines.size() - names_max);
  return {.message = fmt::format("no pipeline '{}' in {}", name, data_dir),
          .hint = known.empty() ? "no pipeline has run there; name another data directory with --data-dir"
                                : fmt::format("there are: {}", known),
          .blame = Blame::usage};
}

}  // namespace outfall::engine
