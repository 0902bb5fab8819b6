// SPDX-License-Identifier: Apache-2.0
//
// DocumentValues: what the document of a row says under the key of a column, for readers of the columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "columnar/document_keys.h"
#include "outfall/rows.h"

namespace outfall::columnar {

/// Whether a value, as it is written, is an object or a list.
bool is_nested(std::string_view written);

class DocumentValues {
 public:
  /// As it is written. Nothing: there is none, or it is null. A document is read once, as long as no other is asked
  /// for: `row` tells which it is.
  std::optional<std::string_view> find(std::uint64_t row, std::string_view document, std::size_t column,
                                       DocumentKeys& keys);

  /// What was found may be no more.
  void forget() { row_.reset(); }

 private:
  struct Found {
    std::uint64_t serial = 0;  ///< of the document that had it
    std::string_view written{};
  };
  std::vector<Found> by_column_;
  std::optional<std::uint64_t> row_;
  std::uint64_t serial_ = 0;
};

/// Texts that are not what stands between their quotes, by the place where they are written.
using UnescapedTexts = std::unordered_map<const char*, std::string>;

/// A value with the type that JSON gives it: a whole number of 64 bits is an integer, one with a fraction or an
/// exponent a double, a longer one JsonText.
Value value_of_json(std::string_view written, UnescapedTexts& unescaped);

}  // namespace outfall::columnar
