// SPDX-License-Identifier: Apache-2.0
//
// Documents as text columns of a dataset hold them: base64 of their zlib stream, or as they are.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "outfall/error.h"

namespace outfall::schema {

/// The longest document that is read back. A pipeline's state with half a million cursors stays below it; what inflates
/// beyond is an attack or damage.
inline constexpr std::size_t stored_document_bytes_max = std::size_t{64} << 20;

/// Base64 of the zlib stream (level 9) of `text`.
std::string pack_text(std::string_view text);

/// The document behind a stored text: inflated where it is strict base64 of a zlib stream, else the text itself.
/// Errors: abandon: the document is longer than stored_document_bytes_max.
Result<std::string> unpack_text(std::string_view stored);

}  // namespace outfall::schema
