// SPDX-License-Identifier: Apache-2.0
#include "base/conceal.h"

namespace outfall {

std::string conceal(std::string_view text, std::span<const std::string> secrets) {
  constexpr std::string_view shown = "***";
  std::string concealed(text);
  for (const std::string& secret : secrets) {
    if (secret.size() < secret_bytes_min) continue;
    std::size_t at = concealed.find(secret);
    while (at != std::string::npos) {
      concealed.replace(at, secret.size(), shown);
      at = concealed.find(secret, at + shown.size());
    }
  }
  return concealed;
}

}  // namespace outfall
