// SPDX-License-Identifier: Apache-2.0
//
// Rejected rows of a batch whose answer is known and not acted on, as a lane's record keeps them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "outfall/error.h"
#include "outfall/outcome.h"

namespace outfall::delivery {

/// `[[5,"no name"]]`
std::string held_text(const std::vector<RejectedRow>& rows);

/// Errors: abandon: it is none.
Result<std::vector<RejectedRow>> read_held(std::string_view text);

}  // namespace outfall::delivery
