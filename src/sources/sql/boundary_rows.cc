// SPDX-License-Identifier: Apache-2.0
#include "sources/sql/boundary_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/base64.h"
#include "base/hash.h"

namespace outfall::sources {

void BoundaryRows::leave_out(std::span<const std::string> rows, std::span<const std::string> key) {
  key_before_.assign(key.begin(), key.end());
  for (const std::string& row : rows) ++left_[row];
}

/// Of names and values, whatever the order of the columns; a column without a value might as well not be there.
std::string BoundaryRows::hash_of(const columnar::ArrowRows& rows, std::uint32_t row,
                                  const std::vector<std::string>& key) {
  std::vector<std::string> parts;
  for (std::size_t column = 0; column < rows.fields().size(); ++column) {
    const std::string& name = rows.fields()[column].name;
    const bool counts = key.empty() || std::ranges::find(key, name) != key.end();
    if (!counts || !rows.fields()[column].has_type || rows.is_null(column, row)) continue;
    const columnar::ArrowValue value = rows.value(column, row, scratch_);
    const std::string_view text = value.kind != DataType::bool_ ? value.text : value.truth ? "true" : "false";
    parts.push_back(fmt::format("{}:{}{}:{}", name.size(), name, text.size(), text));
  }
  std::ranges::sort(parts);
  text_.clear();
  for (const std::string& part : parts) text_ += part;
  return base64_encode(xxh3_128(text_), Base64Padding::none);
}

bool BoundaryRows::take_known(const std::string& hash) {
  const auto known = left_.find(hash);
  if (known == left_.end()) return false;
  if (--known->second == 0) left_.erase(known);
  return true;
}

std::vector<columnar::ArrowRows> BoundaryRows::take(const columnar::ArrowRows& rows, Remember remember) {
  std::vector<columnar::ArrowRows> taken;
  std::uint32_t begin = 0;
  const auto end_piece = [&](std::uint32_t end) {
    if (end > begin) taken.push_back(rows.slice(begin, end - begin));
    begin = end + 1;
  };
  for (std::uint32_t row = 0; row < rows.rows(); ++row) {
    std::string hash = hash_of(rows, row, key_);
    const bool is_known = !left_.empty() && take_known(key_ == key_before_ ? hash : hash_of(rows, row, key_before_));
    if (is_known) end_piece(row);
    if (remember == Remember::yes) remembered_.push_back(std::move(hash));
  }
  end_piece(rows.rows());
  return taken;
}

std::vector<std::string> BoundaryRows::remembered() const {
  std::vector<std::string> rows = remembered_;
  std::ranges::sort(rows);
  return rows;
}

}  // namespace outfall::sources
