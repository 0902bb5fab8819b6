// SPDX-License-Identifier: Apache-2.0
//
// BoundaryRows: the rows at the last value of a cursor. They are read again the next time, since more may have come,
// and those that were given already are left out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/arrow_rows.h"

namespace outfall::limits {
/// Rows with one value of a cursor: a hash of each is kept in the pipeline's state, 32 bytes a row.
inline constexpr std::size_t boundary_rows_max = 100'000;
}  // namespace outfall::limits

namespace outfall::sources {

class BoundaryRows {
 public:
  /// `key`: the columns that tell rows apart; none: all of them.
  explicit BoundaryRows(std::span<const std::string> key) : key_(key.begin(), key.end()) {}

  const std::vector<std::string>& key() const { return key_; }

  /// Rows to leave out, each as often as it is here; `key`: what they were told apart by.
  void leave_out(std::span<const std::string> rows, std::span<const std::string> key);

  enum class Remember { no, yes };
  /// Those of the rows that were not given before, in their order: what is between others is one piece.
  std::vector<columnar::ArrowRows> take(const columnar::ArrowRows& rows, Remember remember);

  /// The hashes of all that was to be remembered, given now or left out, sorted.
  std::vector<std::string> remembered() const;
  std::size_t remembered_count() const { return remembered_.size(); }

 private:
  std::string hash_of(const columnar::ArrowRows& rows, std::uint32_t row, const std::vector<std::string>& key);
  bool take_known(const std::string& hash);

  std::vector<std::string> key_;
  std::vector<std::string> key_before_;
  std::map<std::string, std::size_t> left_;  ///< to leave out, and how often
  std::vector<std::string> remembered_;
  std::string text_;
  std::string scratch_;
};

}  // namespace outfall::sources
