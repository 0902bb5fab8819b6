// SPDX-License-Identifier: Apache-2.0
//
// DocumentKeys: which columns the keys of documents are, in tables that mirror these.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "schema/naming.h"

namespace outfall::columnar {

/// What the key says that stands so between quotes.
std::string key_text(std::string_view written);
/// The same question without a copy, where nothing is escaped.
bool is_written_as(std::string_view key, std::string_view written);

class DocumentKeys {
 public:
  void add(std::string_view column, std::size_t place);
  /// The place of the column of a key, as it is written between its quotes. Not const: it remembers what it has found.
  std::optional<std::size_t> find(std::string_view written);
  /// The same of what a key says.
  std::optional<std::size_t> find_key(std::string_view key);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Places = std::unordered_map<std::string, std::optional<std::size_t>, Hash, std::equal_to<>>;

  const schema::Naming naming_{NamingConvention::direct};
  std::optional<std::size_t> look_up(std::string_view key) const;

  Places by_name_;
  Places by_spelling_;  // of the keys that were asked for
};

}  // namespace outfall::columnar
