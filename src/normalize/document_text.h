// SPDX-License-Identifier: Apache-2.0
//
// The text of a document as it is kept whole: as it was written, without the white space between its tokens, and
// without members that do not count.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>

#include "columnar/column_builder.h"

namespace outfall::normalize {

/// Appends a document that is known to be JSON. `left_out`: places of keys in it, behind their quotes.
void append_document(std::string_view text, const std::unordered_set<std::size_t>& left_out,
                     columnar::GrowingBuffer& out);

}  // namespace outfall::normalize
