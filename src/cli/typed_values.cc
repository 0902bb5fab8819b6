// SPDX-License-Identifier: Apache-2.0
#include "cli/typed_values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>

#include "cli/nearest.h"

namespace outfall::cli {

Error usage(std::string message, std::string hint) {
  return {.message = std::move(message), .hint = std::move(hint), .blame = Blame::usage};
}

Error unknown_word(std::string_view option, const std::string& text, const std::vector<std::string>& known) {
  const std::optional<std::string> meant = nearest(text, known);
  const std::string list = fmt::format("known are {}", fmt::join(known, ", "));
  return usage(fmt::format("{} '{}' is not known", option, text),
               meant ? fmt::format("did you mean {}? {}", *meant, list) : list);
}

Result<bool> on_or_off(std::string_view option, const std::string& text) {
  const std::vector<std::pair<std::string, bool>> words{{"on", true}, {"off", false}};
  return known_word<bool>(option, text, words);
}

}  // namespace outfall::cli
