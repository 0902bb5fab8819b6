// SPDX-License-Identifier: Apache-2.0
//
// The one ending that a command over several pipelines has.
#pragma once

#include <algorithm>
#include <array>

#include "outfall/report.h"

namespace outfall::engine {

/// Several causes: failed, then pending, then rejected; whoever was asked to stop is told so first.
inline Ending worst(Ending a, Ending b) {
  constexpr std::array order{Ending::interrupted, Ending::terminated, Ending::failed,   Ending::misuse,
                             Ending::busy,        Ending::pending,    Ending::rejected, Ending::delivered};
  return *std::ranges::find_if(order, [&](Ending ending) { return ending == a || ending == b; });
}

}  // namespace outfall::engine
