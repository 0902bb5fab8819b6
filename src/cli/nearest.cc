// SPDX-License-Identifier: Apache-2.0
#include "cli/nearest.h"

#include <algorithm>

#include "base/edit_distance.h"

namespace outfall::cli {
namespace {

/// Longer words are no slip of the fingers, and the work grows with the square.
constexpr std::size_t word_bytes_max = 64;

}  // namespace

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates) {
  std::optional<std::string> best;
  if (word.size() > word_bytes_max) return best;
  // One slip in three characters; a beginning that goes on is always meant.
  std::size_t best_distance = std::max<std::size_t>(word.size() / 3, 1) + 1;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > word_bytes_max) continue;
    const bool begins = word.size() > 2 && candidate.starts_with(word);
    const std::size_t found = begins ? 0 : edit_distance(word, candidate);
    if (found < best_distance) {
      best = candidate;
      best_distance = found;
    }
  }
  return best;
}

}  // namespace outfall::cli
