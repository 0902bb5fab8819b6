// SPDX-License-Identifier: Apache-2.0
//
// conceal: keeps secrets out of what people are told.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace outfall {

/// Shorter ones are no secrets: most texts have them.
inline constexpr std::size_t secret_bytes_min = 4;

/// The text with each of the secrets as `***`. One that begins like another stands behind the longer one.
std::string conceal(std::string_view text, std::span<const std::string> secrets);

/// The same of a text whose beginning was cut off: what it begins with may be the end of a secret.
std::string conceal_end(std::string_view text, std::span<const std::string> secrets);

}  // namespace outfall
