// SPDX-License-Identifier: Apache-2.0
#include "cli/typed_values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <limits>
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

Status take_rows_or_share(std::string_view option, const std::string& text, std::optional<std::uint64_t>& rows,
                          std::optional<double>& percent) {
  if (!text.ends_with('%')) {
    Status taken = take_number(option, text, {0, std::numeric_limits<std::int64_t>::max()},
                               [&](std::int64_t n) { rows = static_cast<std::uint64_t>(n); });
    if (!taken && taken.error().hint.empty()) taken.error().hint = "or a share of all rows: 2.5%";
    return taken;
  }
  constexpr double percent_max = 100;
  double share = 0;
  const char* end = text.data() + text.size() - 1;
  const auto [stopped, code] = std::from_chars(text.data(), end, share, std::chars_format::fixed);
  if (code != std::errc() || stopped != end || !(share >= 0 && share <= percent_max)) {
    return fail(usage(fmt::format("{} '{}' is not a share of all rows", option, text), "from 0% to 100%"));
  }
  percent = share;
  return {};
}

Result<bool> on_or_off(std::string_view option, const std::string& text) {
  const std::vector<std::pair<std::string, bool>> words{{"on", true}, {"off", false}};
  return known_word<bool>(option, text, words);
}

}  // namespace outfall::cli
