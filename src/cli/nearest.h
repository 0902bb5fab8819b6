// SPDX-License-Identifier: Apache-2.0
//
// Finds the word that somebody probably meant.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace outfall::cli {

/// The candidate with the fewest inserted, deleted, changed or swapped characters; empty when none is near enough to be
/// a slip of the fingers.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

}  // namespace outfall::cli
