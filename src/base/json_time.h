// SPDX-License-Identifier: Apache-2.0
//
// A time as our JSON documents write it.
#pragma once

#include <string_view>

#include "base/json.h"
#include "outfall/error.h"
#include "outfall/types.h"

namespace outfall {

/// "2026-11-22T10:00:00.000000Z"
Json time_json(const Time& time);

/// From what time_json wrote; the epoch where it is anything else.
Time read_time(std::string_view text);

}  // namespace outfall
