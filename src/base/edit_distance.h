// SPDX-License-Identifier: Apache-2.0
//
// How far two words are from each other.
#pragma once

#include <cstddef>
#include <string_view>

namespace outfall {

/// Letters to change, add or drop, and neighbours to swap, to make one word of the other. The work grows with the
/// product of their lengths.
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace outfall
