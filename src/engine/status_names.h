// SPDX-License-Identifier: Apache-2.0
//
// The one message about a pipeline that is not there, for status and query.
#pragma once

#include <span>
#include <string>

#include "outfall/error.h"

namespace outfall::engine {

/// Names the pipelines that are there; blame is usage.
[[nodiscard]] Error no_such_pipeline(const std::string& name, const std::string& data_dir,
                                     std::span<const std::string> pipelines);

}  // namespace outfall::engine
