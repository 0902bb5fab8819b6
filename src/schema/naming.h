// SPDX-License-Identifier: Apache-2.0
//
// Naming: how the keys of documents become identifiers of tables and columns. The conventions are dlt's, character for
// character, so that a dataset it began is continued under the same names.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "outfall/types.h"

namespace outfall::schema {

/// Six characters that stand for a name too long to be kept whole; the same name has the same tag anywhere.
std::string collision_tag(std::string_view name);

enum class LengthUnit { characters, bytes };

/// How long names may be.
struct NameLimit {
  std::size_t length;
  LengthUnit unit = LengthUnit::characters;

  // A number alone counts characters. NOLINTNEXTLINE(google-explicit-constructor)
  NameLimit(std::size_t most, LengthUnit counted_in = LengthUnit::characters) : length(most), unit(counted_in) {}
};

/// Immutable; any number of threads may use one.
///
/// Every function gives a name of at least one character, in valid UTF-8. A name without anything to keep is spelled
/// out instead of becoming empty: `_empty` for a blank one, else `_` and one `x` for each of its characters (`__` is
/// `_xx`).
class Naming {
 public:
  /// A shortened name holds a tag and needs room for it; a smaller max_length counts as this.
  static constexpr std::size_t max_length_min = 6;

  /// None: names may be of any length.
  explicit Naming(NamingConvention convention, std::optional<NameLimit> limit = std::nullopt);

  NamingConvention convention() const { return convention_; }
  std::optional<NameLimit> limit() const { return limit_; }

  /// What stands between the parts of a path: `__`, or U+25B6 where naming is direct.
  std::string_view separator() const;

  /// Whether names that differ only in case are two names.
  bool is_case_sensitive() const;

  /// One key as one identifier. Separators in it are treated as any other character.
  std::string normalize_identifier(std::string_view name) const;
  std::string normalize_table_identifier(std::string_view name) const { return normalize_identifier(name); }

  /// A key that may be a path: its parts normalized one by one, joined, and shortened as a whole. Parts without
  /// anything to keep are left out.
  std::string normalize_path(std::string_view path) const;
  std::string normalize_tables_path(std::string_view path) const { return normalize_path(path); }

  /// The parts of a path that are not blank, as views of it.
  std::vector<std::string_view> break_path(std::string_view path) const;

  /// Normalized names joined to one, blank ones left out, and shortened: flattened columns, nested tables, variants.
  std::string shorten_fragments(std::span<const std::string_view> names) const;

 private:
  /// A normalized name that is empty when nothing of `part` is kept.
  std::string normalize_part(std::string_view part) const;
  std::string shorten(std::string name, std::string_view raw) const;

  NamingConvention convention_;
  std::optional<NameLimit> limit_;
};

}  // namespace outfall::schema
