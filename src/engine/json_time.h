// SPDX-License-Identifier: Apache-2.0
//
// A time as our JSON documents write it.
#pragma once

#include "base/json.h"
#include "outfall/status.h"

namespace outfall::engine {

/// "2026-11-22T10:00:00.000000Z"
Json time_json(const Time& time);

}  // namespace outfall::engine
