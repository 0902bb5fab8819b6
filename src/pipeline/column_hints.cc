// SPDX-License-Identifier: Apache-2.0
#include "pipeline/column_hints.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/utf8.h"
#include "schema/type_text.h"
#include "sql/dialect.h"

namespace outfall::pipeline {
namespace {

/// `payload.userId` as `payload.user_id`.
std::string normalized_path(std::string_view path, const schema::Naming& naming) {
  std::string normalized;
  while (true) {
    const std::size_t dot = path.find('.');
    if (!normalized.empty()) normalized += '.';
    normalized += naming.normalize_path(path.substr(0, dot));
    if (dot == std::string_view::npos) return normalized;
    path.remove_prefix(dot + 1);
  }
}

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> parts;
  for (std::size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
    parts.push_back(path.substr(0, dot));
    path.remove_prefix(dot + 1);
  }
  parts.push_back(path);
  return parts;
}

/// The table whose rows are the list at the first `count` parts below the root; the root itself for none.
std::string table_name(const std::string& root, const std::vector<std::string_view>& parts, std::size_t count,
                       const schema::Naming& naming) {
  std::vector<std::string_view> names{root};
  names.insert(names.end(), parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(count));
  return naming.shorten_fragments(names);
}

bool is_same(const schema::ColumnType& a, const schema::ColumnType& b) {
  if (a.type != b.type) return false;
  if (schema::is_decimal(a)) return schema::decimal_shape(a) == schema::decimal_shape(b);
  return schema::without_default(a).precision == schema::without_default(b).precision;
}

/// A column with a type, and its table.
struct Found {
  const schema::Table* table = nullptr;
  const schema::Column* column = nullptr;
};

struct ColumnPlace {
  std::string table;
  std::string column;
};

/// Any part of the path may be a list, whose rows are a table of their own: one place for each such reading.
std::vector<ColumnPlace> places_of(const std::string& path, const std::string& root_table,
                                   const schema::Naming& naming) {
  std::vector<ColumnPlace> places;
  const std::vector<std::string_view> parts = split(path);
  places.reserve(parts.size());
  for (std::size_t lists = 0; lists < parts.size(); ++lists) {
    places.push_back({.table = table_name(root_table, parts, lists, naming),
                      .column = naming.shorten_fragments(std::span(parts).subspan(lists))});
  }
  return places;
}

/// Null: there is none that has a type.
const schema::Column* find_column(const schema::Schema& schema, const ColumnPlace& place) {
  const schema::Table* table = schema.tables.find(place.table);
  const schema::Column* column = table == nullptr ? nullptr : table->columns.find(place.column);
  return column == nullptr || !column->type ? nullptr : column;
}

bool has_column(const std::string& path, const schema::Schema& schema, const std::string& root_table,
                const schema::Naming& naming) {
  return std::ranges::any_of(places_of(path, root_table, naming),
                             [&](const ColumnPlace& place) { return find_column(schema, place) != nullptr; });
}

/// `where`: that the column has the type `known`.
std::unexpected<Error> fail_hint(const ColumnPlace& place, const schema::ColumnType& known, std::string_view where,
                                 const schema::ColumnType& stated) {
  return fail(
      Error{.message = fmt::format("the column {} of {} is {} {}, and --column states {}", place.column, place.table,
                                   schema::type_and_zone(known), where, schema::type_and_zone(stated)),
            .hint = "leave out its --column, or load into another table or dataset",
            .blame = Blame::usage});
}

/// Whether all values went beside the column, which has none then.
bool has_variants(const std::string& path, const schema::Schema& schema, const std::string& root_table,
                  const schema::Naming& naming) {
  return std::ranges::any_of(places_of(path, root_table, naming), [&](const ColumnPlace& place) {
    const schema::Table* table = schema.tables.find(place.table);
    const std::string begin = place.column + std::string(naming.separator()) + "v_";
    return table != nullptr && std::ranges::any_of(table->columns, [&](const schema::Column& column) {
             return column.variant && column.name.starts_with(begin);
           });
  });
}

/// A name without what spellings differ in: case, and what stands between words.
std::string folded(std::string_view name) {
  std::string letters;
  for (const char c : ascii_lower(name)) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80) letters += c;
  }
  return letters;
}

/// Whether one slip of the fingers, at most, lies between the two: a letter too many, too few, another, or two swapped.
bool is_near(std::string_view a, std::string_view b) {
  const std::size_t shorter = std::min(a.size(), b.size());
  const auto same_begin = static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
  a.remove_prefix(same_begin);
  b.remove_prefix(same_begin);
  while (!a.empty() && !b.empty() && a.back() == b.back()) {
    a.remove_suffix(1);
    b.remove_suffix(1);
  }
  const bool is_swap = a.size() == 2 && b.size() == 2 && a[0] == b[1] && a[1] == b[0];
  constexpr std::size_t letters_min = 3;  // among shorter names all are near
  return (shorter >= letters_min && a.size() <= 1 && b.size() <= 1) || (a.empty() && b.empty()) || is_swap;
}

/// The column below one of the root tables whose spelling is nearly that of the path, or whose last part the path is.
Found nearly_named(const std::string& path, const schema::Schema& schema, const std::vector<std::string>& root_tables,
                   const schema::Naming& naming) {
  const std::string wanted = folded(path);
  const std::string last_part = std::string(naming.separator()) + path;
  Found inner;
  for (const schema::Table& table : schema.tables) {
    const std::string root(schema.root_of(table.name));
    if (std::ranges::find(root_tables, root) == root_tables.end()) continue;
    const std::string place = folded(std::string_view(table.name).substr(std::min(root.size(), table.name.size())));
    for (const schema::Column& column : table.columns) {
      if (!column.type || schema::is_system_name(column.name)) continue;
      if (is_near(place + folded(column.name), wanted)) return {&table, &column};
      if (inner.column == nullptr && column.name.ends_with(last_part)) inner = {&table, &column};
    }
  }
  return inner;
}

}  // namespace

std::string column_at(std::string_view path, const schema::Naming& naming) {
  const std::string normalized = normalized_path(path, naming);
  return naming.shorten_fragments(split(normalized));
}

Result<normalize::ColumnHints> read_column_hints(const std::vector<ColumnHint>& hints, const schema::Naming& naming) {
  normalize::ColumnHints read;
  for (const ColumnHint& hint : hints) {
    Result<schema::ColumnType> type = schema::parse_type(hint.type);
    if (!type) return fail(std::move(type.error()).in("the type of the column " + hint.path));
    read[normalized_path(hint.path, naming)] = *type;
  }
  return read;
}

Status check_column_hints(const normalize::ColumnHints& hints, const DatasetMemory& memory,
                          const std::string& root_table, const schema::Naming& naming) {
  for (const auto& [path, type] : hints) {
    for (const ColumnPlace& place : places_of(path, root_table, naming)) {
      if (const schema::Column* column = find_column(memory.schema, place)) {
        const schema::ColumnType known = schema::column_type(*column);
        if (!is_same(known, type)) return fail_hint(place, known, "already", type);
        continue;
      }
      const schema::ColumnThere* there = memory.there.find(place.table, place.column);
      const bool is_other = there != nullptr && there->type && !is_same(*there->type, type);
      if (!is_other || sql::is_named(*memory.dialect, type, there->word)) continue;
      return fail_hint(place, *there->type, "at the destination", type);
    }
  }
  return {};
}

std::vector<std::string> notes_on_unmet_hints(const std::vector<ColumnHint>& hints, const schema::Schema& schema,
                                              const std::vector<std::string>& root_tables,
                                              const schema::Naming& naming) {
  std::vector<std::string> notes;
  for (const ColumnHint& hint : hints) {
    const std::string path = normalized_path(hint.path, naming);
    const bool is_met = std::ranges::any_of(root_tables, [&](const std::string& root) {
      return has_column(path, schema, root, naming) || has_variants(path, schema, root, naming);
    });
    if (is_met) continue;
    const Found meant = nearly_named(path, schema, root_tables, naming);
    notes.push_back(fmt::format("--column {}:{} met no column", hint.path, hint.type));
    if (meant.column != nullptr)
      notes.back() += fmt::format("; is {} of {} meant?", meant.column->name, meant.table->name);
  }
  return notes;
}

}  // namespace outfall::pipeline
