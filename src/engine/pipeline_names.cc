// SPDX-License-Identifier: Apache-2.0
//
// Matches names with the folders of pipelines.
#include "engine/status_names.h"

#include <fmt/format.h>

namespace outfall::engine {

namespace {

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

// How a pipeline that was not named is keyed: its table, a dash, and eight digits of a hash.
bool is_keyed(const std::string& key, const std::string& name) {
  constexpr std::size_t digits = 8;
  return key.size() == name.size() + 1 + digits && key.starts_with(name) && key[name.size()] == '-' &&
         key.find_first_not_of("0123456789abcdef", name.size() + 1) == std::string::npos;
}

}  // namespace

Result<std::vector<std::string>> pipelines_called(const std::string& name, const std::string& data_dir,
                                                  std::span<const std::string> pipelines) {
  std::vector<std::string> keyed;
  for (const std::string& key : pipelines) {
    if (key == name) return std::vector{name};
    if (is_keyed(key, name)) keyed.push_back(key);
  }
  if (keyed.empty()) return fail(no_such_pipeline(name, data_dir, pipelines));
  return keyed;
}

}  // namespace outfall::engine
