// SPDX-License-Identifier: Apache-2.0
#include "sources/sql/table_choice.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "base/edit_distance.h"
#include "base/utf8.h"
#include "schema/table.h"
#include "sql/load_marks.h"

namespace outfall::sources {
namespace {

/// One part of a name: what stands between dots.
struct NamePart {
  std::string text;
  bool is_pattern = false;

  bool matches(const std::string& name) const {
    return is_pattern ? ::fnmatch(text.c_str(), name.c_str(), 0) == 0 : text == name;
  }
  bool matches_without_case(const std::string& name) const {
    return !is_pattern && ascii_lower(text) == ascii_lower(name);
  }
};

struct WrittenName {
  std::optional<NamePart> schema;
  NamePart table;

  bool is_pattern() const { return table.is_pattern || (schema && schema->is_pattern); }
};

Error usage(std::string message, std::string hint) {
  return {.message = std::move(message), .hint = std::move(hint), .blame = Blame::usage};
}

Error badly_written(const std::string& named) {
  return usage(fmt::format("--source-table {} is no name of a table", named),
               "write users, shop.users or 'shop.*'; a name with dots or stars in it goes between double quotes: "
               "'shop.\"my.table\"'");
}

/// The part at the front of `rest`, which is taken away with the dot behind it. None: it is not written right.
std::optional<NamePart> take_part(std::string_view& rest) {
  NamePart part;
  if (!rest.starts_with('"')) {
    const std::size_t end = std::min(rest.find('.'), rest.size());
    part.text = rest.substr(0, end);
    part.is_pattern = part.text.find_first_of("*?[") != std::string::npos;
    rest.remove_prefix(end);
  } else {
    rest.remove_prefix(1);
    while (true) {
      const std::size_t quote = rest.find('"');
      if (quote == std::string_view::npos) return std::nullopt;
      part.text += rest.substr(0, quote);
      rest.remove_prefix(quote + 1);
      if (!rest.starts_with('"')) break;
      part.text += '"';
      rest.remove_prefix(1);
    }
  }
  if (part.text.empty() || (!rest.empty() && rest.front() != '.') || rest == ".") return std::nullopt;
  if (!rest.empty()) rest.remove_prefix(1);
  return part;
}

Result<WrittenName> read_name(const std::string& named) {
  std::string_view rest = named;
  std::optional<NamePart> first = take_part(rest);
  if (!first) return fail(badly_written(named));
  if (rest.empty()) return WrittenName{.schema = std::nullopt, .table = std::move(*first)};
  std::optional<NamePart> second = take_part(rest);
  if (!second || !rest.empty()) return fail(badly_written(named));
  return WrittenName{.schema = std::move(*first), .table = std::move(*second)};
}

std::string in_full(const DatabaseTable& table) {
  return fmt::format("{}.{}", table.schema, table.name);
}

class Choice {
 public:
  Choice(const std::string& named, WrittenName name, const TablesThere& there)
      : named_(named), name_(std::move(name)), there_(there) {}

  Result<std::vector<DatabaseTable>> find() const { return name_.is_pattern() ? find_matching() : find_one(); }

 private:
  bool is_looked_up(const std::string& schema) const {
    if (name_.schema) return name_.schema->matches(schema);
    return std::ranges::find(there_.schemas, schema) != there_.schemas.end();
  }

  Result<std::vector<DatabaseTable>> find_matching() const {
    std::vector<DatabaseTable> found;
    std::ranges::copy_if(there_.tables, std::back_inserter(found), [&](const DatabaseTable& table) {
      return table.kind == TableKind::table && is_looked_up(table.schema) && name_.table.matches(table.name);
    });
    if (!found.empty()) return found;
    return fail(usage(fmt::format("{} has no table that --source-table '{}' matches", there_.database, named_),
                      "a pattern matches tables alone; a view is named in full"));
  }

  /// Of several the one that is looked up first.
  Result<std::vector<DatabaseTable>> find_one() const {
    std::vector<DatabaseTable> found =
        all([&](const DatabaseTable& table) { return is_looked_up(table.schema) && name_.table.matches(table.name); });
    if (found.empty()) {
      found = all([&](const DatabaseTable& table) {
        const bool is_there =
            name_.schema ? name_.schema->matches_without_case(table.schema) : is_looked_up(table.schema);
        return is_there && name_.table.matches_without_case(table.name);
      });
    }
    if (found.empty()) return fail(no_such_table());
    const auto place = [&](const DatabaseTable& table) { return std::ranges::find(there_.schemas, table.schema); };
    std::ranges::stable_sort(found, {}, place);
    const auto is_as_near = [&](const DatabaseTable& table) {
      return name_.schema ? true : table.schema == found.front().schema;
    };
    const auto alike = std::ranges::count_if(found, is_as_near);
    if (alike > 1) {
      return fail(usage(fmt::format("{} has {} and {}, and --source-table {} may be either", there_.database,
                                    in_full(found[0]), in_full(found[1]), named_),
                        "write the name as it is written there"));
    }
    return std::vector{found.front()};
  }

  template <class Wanted>
  std::vector<DatabaseTable> all(Wanted wanted) const {
    std::vector<DatabaseTable> found;
    std::ranges::copy_if(there_.tables, std::back_inserter(found), wanted);
    return found;
  }

  /// Those that are nearly called so, the nearest first.
  Error no_such_table() const {
    constexpr std::size_t near_max = 3;
    constexpr std::size_t letters_compared = 200;
    std::vector<std::pair<std::size_t, std::string>> near;
    const std::string wanted = ascii_lower(name_.table.text.substr(0, letters_compared));
    for (const DatabaseTable& table : there_.tables) {
      const std::size_t distance = edit_distance(wanted, ascii_lower(table.name.substr(0, letters_compared)));
      const bool is_elsewhere = distance == 0;
      if (is_elsewhere || distance <= std::max<std::size_t>(1, wanted.size() / 3))
        near.emplace_back(distance, in_full(table));
    }
    std::ranges::sort(near);
    std::string hint;
    for (std::size_t i = 0; i < std::min(near.size(), near_max); ++i) hint += (i == 0 ? "" : ", ") + near[i].second;
    if (!hint.empty()) {
      hint = "there is " + hint;
    } else {
      hint = there_.tables.empty() ? "there are no tables that this user may see" : "--source-table '*.*' takes all";
    }
    return usage(fmt::format("{} has no table {}", there_.database, named_), std::move(hint));
  }

  const std::string& named_;
  const WrittenName name_;
  const TablesThere& there_;
};

bool is_chosen(const ChosenTables& chosen, const DatabaseTable& table) {
  return std::ranges::any_of(chosen.tables, [&](const DatabaseTable& other) {
    return other.schema == table.schema && other.name == table.name;
  });
}

}  // namespace

Result<ChosenTables> choose_tables(std::span<const std::string> named, const TablesThere& there) {
  ChosenTables chosen;
  for (const std::string& one : named) {
    Result<WrittenName> name = read_name(one);
    if (!name) return fail(std::move(name.error()));
    const bool is_pattern = name->is_pattern();
    Result<std::vector<DatabaseTable>> found = Choice(one, std::move(*name), there).find();
    if (!found) return fail(std::move(found.error()));
    for (DatabaseTable& table : *found) {
      const bool tells_of_loads = schema::is_system_name(table.name) || table.name == sql::load_marks_table;
      if (is_pattern && tells_of_loads) {
        chosen.left_out.push_back(in_full(table));
      } else if (!is_chosen(chosen, table)) {
        chosen.tables.push_back(std::move(table));
      }
    }
  }
  if (!chosen.tables.empty()) return chosen;
  return fail(usage(fmt::format("{} has no tables there but those that tell of loads", there.database),
                    "name one of them in full, together with a --table"));
}

}  // namespace outfall::sources
