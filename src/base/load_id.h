// SPDX-License-Identifier: Apache-2.0
//
// Load ids: dlt's names for load packages, unix seconds as text, such as 1795308996.8249626.
#pragma once

#include <string>
#include <string_view>

#include "base/env.h"

namespace outfall {

/// The id for the next package: the clock's seconds, written with the fewest digits that give the same double back.
///
/// It is greater than `last` (the id used before, empty for none) as a number and as text, even when the clock stood
/// still or went back: then it is the next double above `last`. A `last` that is no load id does not count.
///
/// Source: dlt load_id: str() of a strictly growing float of seconds; packages are taken in the order of the text.
std::string next_load_id(Env& env, std::string_view last);

}  // namespace outfall
