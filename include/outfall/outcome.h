// SPDX-License-Identifier: Apache-2.0
//
// Outcome: what became of a batch, as whoever took it says.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace outfall {

struct RejectedRow {
  std::uint64_t row = 0;  ///< of the batch, from 0
  std::string reason{};
};

struct Outcome {
  enum class Kind {
    delivered,
    retry,     ///< nothing of it took effect; it may be sent again
    rejected,  ///< `rows` are refused and the others delivered; no rows: nothing is delivered, and any may be to blame
    unknown,   ///< it may have taken effect, as a whole, in part, or not
    fatal,     ///< nothing of it took effect, and sending it again cannot help
  };

  Kind kind = Kind::delivered;
  std::string reason{};
  std::string hint{};
  std::optional<std::chrono::nanoseconds> after{};  ///< of retry: how long to wait at least
  std::vector<RejectedRow> rows{};                  ///< of rejected, each once

  static Outcome delivered() { return {}; }
  static Outcome retry(std::string reason, std::optional<std::chrono::nanoseconds> after = {}) {
    return {.kind = Kind::retry, .reason = std::move(reason), .after = after};
  }
  /// The other rows are delivered.
  static Outcome rejected(std::vector<RejectedRow> rows) {
    return rows.empty() ? Outcome{} : Outcome{.kind = Kind::rejected, .rows = std::move(rows)};
  }
  /// Halves of the batch are sent next, until the rows that are to blame stand alone.
  static Outcome rejected(std::string reason) { return {.kind = Kind::rejected, .reason = std::move(reason)}; }
  static Outcome unknown(std::string reason) { return {.kind = Kind::unknown, .reason = std::move(reason)}; }
  static Outcome fatal(std::string reason, std::string hint = "") {
    return {.kind = Kind::fatal, .reason = std::move(reason), .hint = std::move(hint)};
  }
};

}  // namespace outfall
