// SPDX-License-Identifier: Apache-2.0
//
// Finds the folder of a project from anywhere inside it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace outfall {

/// The folder called `name` that stands in `folder`, which is absolute, or in the nearest one above it. None up to the
/// root.
std::optional<std::string> search_upwards(std::string_view folder, std::string_view name);

}  // namespace outfall
