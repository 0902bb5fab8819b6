// SPDX-License-Identifier: Apache-2.0
//
// DocumentKeys: which columns of a table the keys of documents are.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "schema/naming.h"

namespace outfall::columnar {

/// What the key says that stands so between quotes.
std::string key_text(std::string_view written);
/// The same question without a copy, where nothing is escaped.
bool is_written_as(std::string_view key, std::string_view written);

/// All columns of the table are to be added: of keys that are called alike, one has the name, and others have a tag.
class DocumentKeys {
 public:
  /// Tables that mirror their documents.
  DocumentKeys() : DocumentKeys(schema::Naming(NamingConvention::direct)) {}
  explicit DocumentKeys(const schema::Naming& naming) : naming_(naming) {}

  void add(std::string_view column, std::size_t place);
  /// The place of the column of a key, as it is written between its quotes. Not const: it remembers what it has found.
  std::optional<std::size_t> find(std::string_view written);
  /// The same of what a key says.
  std::optional<std::size_t> find_key(std::string_view key);
  /// The same of the keys that lead to a value, one object inside another, where objects become columns. In NFC.
  std::optional<std::size_t> find_path(std::span<const std::string> keys) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Places = std::unordered_map<std::string, std::optional<std::size_t>, Hash, std::equal_to<>>;

  std::optional<std::size_t> look_up(std::string_view key) const;

  schema::Naming naming_;
  Places by_name_;
  Places by_spelling_;  // of the keys that were asked for
};

}  // namespace outfall::columnar
