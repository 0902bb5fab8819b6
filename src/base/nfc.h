// SPDX-License-Identifier: Apache-2.0
//
// Unicode's normal form C: one spelling for a text that can be written with letters that are whole or put together.
#pragma once

#include <string>
#include <string_view>

namespace outfall {

/// Whether a text has a form to begin with: ASCII is its own.
bool is_ascii(std::string_view text);

/// The composed form of a text in UTF-8. What is no UTF-8 stays as it is.
std::string to_nfc(std::string_view text);

}  // namespace outfall
