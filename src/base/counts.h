// SPDX-License-Identifier: Apache-2.0
//
// Counts as people read them, in the sentences of errors and notes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace outfall {

/// "1 row", "2,000 rows"
std::string counted(std::uint64_t count, std::string_view noun);

}  // namespace outfall
