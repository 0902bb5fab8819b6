// SPDX-License-Identifier: Apache-2.0
#include "base/counts.h"

#include <fmt/format.h>

namespace outfall {

std::string counted(std::uint64_t count, std::string_view noun) {
  const std::string digits = fmt::format("{}", count);
  std::string text;
  for (std::size_t at = 0; at < digits.size(); ++at) {
    if (at > 0 && (digits.size() - at) % 3 == 0) text += ',';
    text += digits[at];
  }
  return fmt::format("{} {}{}", text, noun, count == 1 ? "" : "s");
}

}  // namespace outfall
