// SPDX-License-Identifier: Apache-2.0
#include "base/conceal.h"

#include <algorithm>

namespace outfall {
namespace {

constexpr std::string_view shown = "***";

/// Bytes of the longest end of the secret that the text begins with.
std::size_t end_at_begin(std::string_view text, std::string_view secret) {
  for (std::size_t size = std::min(text.size(), secret.size()); size >= secret_bytes_min; --size) {
    if (text.starts_with(secret.substr(secret.size() - size))) return size;
  }
  return 0;
}

}  // namespace

std::string conceal(std::string_view text, std::span<const std::string> secrets) {
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

std::string conceal_end(std::string_view text, std::span<const std::string> secrets) {
  std::size_t broken = 0;
  for (const std::string& secret : secrets) broken = std::max(broken, end_at_begin(text, secret));
  if (broken == 0) return conceal(text, secrets);
  return std::string(shown) + conceal(text.substr(broken), secrets);
}

}  // namespace outfall
