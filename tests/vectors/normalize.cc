// SPDX-License-Identifier: Apache-2.0
//
// normalize.json: one document to the rows of its nested tables.
//
// dlt's recorded rows hold values before coercion; ours come out of columns. So a recorded value is coerced into the
// type of our column before the two are compared, and a variant counts as its column. The root id, which we draw, is
// renamed to the recorded one; the ids of nested rows must then follow from it.
#include "normalize/row_id.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "colliding_keys.h"
#include "schema/coercion.h"
#include "schema/table.h"
#include "shaped_document.h"
#include "typed_value.h"
#include "vector_file.h"

namespace outfall::vectors {
namespace {

using schema::Value;

constexpr Rule colliding_keys{"two keys, one name",
                              "dlt keeps the last value without a word; ours is an error that names both keys"};
constexpr Rule empty_name{"key without a name",
                          "dlt normalizes the key to the empty name and loses its value; ours spells it out"};

normalize::ShapeOptions options_of(const Json& test_case) {
  const Json& length = field(test_case, "max_len");
  const Json& nesting = field(test_case, "max_nesting");
  normalize::ShapeOptions options;
  options.system_columns = normalize::SystemColumns::keep;  // dlt takes a row id from anywhere
  options.naming =
      schema::Naming(*naming_convention(text_field(test_case, "naming")),
                     length.as_int() ? std::optional(static_cast<std::size_t>(*length.as_int())) : std::nullopt);
  if (nesting.as_int()) options.max_nesting = static_cast<int>(*nesting.as_int());
  return options;
}

/// Whether dlt gave some value the empty name.
bool has_empty_name(const Json::Array& recorded) {
  return std::ranges::any_of(recorded, [](const Json& row) {
    return std::ranges::any_of(*field(row, "row").as_object(), [](const auto& member) { return member.key.empty(); });
  });
}

Value value_of(const Json& json) {
  if (json.is_null()) return {};
  if (const bool* truth = json.as_bool()) return Value::boolean(*truth);
  if (const std::int64_t* integer = json.as_int()) return Value::bigint(*integer);
  if (const double* real = json.as_double()) return Value::real(*real);
  if (const std::string* text = json.as_string()) return Value::text(*text);
  return Value::json(to_json(json));
}

std::string base_name(const ShapedCell& cell, const schema::Naming& naming) {
  if (!cell.variant) return cell.column;
  return cell.column.substr(0, cell.column.rfind(std::string(naming.separator()) + "v_"));
}

/// Renames our drawn ids to the recorded ones, following dlt's rule from parent to child.
class IdTranslation {
 public:
  void root(const std::string& ours, const std::string& recorded) { names_[ours] = recorded; }

  /// The recorded spelling of a nested row's id; empty when ours does not follow from its parent's.
  std::string nested(const std::string& table, const std::string& parent, std::int64_t index, const std::string& ours) {
    std::string expected;
    ids_.nested(parent, table, static_cast<std::uint64_t>(index), expected);
    if (expected != ours) return "";
    ids_.nested(names_[parent], table, static_cast<std::uint64_t>(index), expected);
    names_[ours] = expected;
    return expected;
  }

  const std::string& name(const std::string& ours) { return names_[ours]; }

 private:
  normalize::RowIds ids_{{}};
  std::map<std::string, std::string> names_;
};

const ShapedCell* find_cell(const ShapedRow& row, std::string_view column) {
  const auto found = std::ranges::find(row.cells, column, &ShapedCell::column);
  return found == row.cells.end() ? nullptr : &*found;
}

std::string text_of(const ShapedRow& row, std::string_view column) {
  const ShapedCell* cell = find_cell(row, column);
  return cell == nullptr || !cell->value.as_string() ? "" : *cell->value.as_string();
}

class Comparison {
 public:
  explicit Comparison(const schema::Naming& naming) : naming_(naming) {}

  /// What differs between a row of ours and a recorded one; empty for nothing.
  std::string compare(const ShapedRow& ours, const Json& recorded) {
    const Json& row = field(recorded, "row");
    if (std::string wrong = translate_ids(ours, row); !wrong.empty()) return wrong;
    std::size_t seen = 0;
    for (const auto& [key, value] : *row.as_object()) {
      if (value.is_null() || key == schema::load_id_column_name) continue;
      const auto cell = std::ranges::find_if(
          ours.cells, [&](const ShapedCell& candidate) { return base_name(candidate, naming_) == key; });
      if (cell == ours.cells.end()) return "no value for " + key;
      if (!same(*cell, value)) return key + ": ours " + typed_text(cell->value) + ", recorded " + to_json(value);
      ++seen;
    }
    return seen == ours.cells.size() ? "" : "more values than recorded";
  }

 private:
  std::string translate_ids(const ShapedRow& ours, const Json& row) {
    const std::string id = text_of(ours, schema::id_column_name);
    if (ours.parent_table.empty()) {
      ids_.root(id, text_field(row, schema::id_column_name));
      return "";
    }
    const ShapedCell* index = find_cell(ours, schema::list_idx_column_name);
    if (index == nullptr) return "a nested row without its index";
    const bool follows =
        !ids_.nested(ours.table, text_of(ours, schema::parent_id_column_name), *index->value.as_int64(), id).empty();
    return follows ? "" : "the row id does not follow from the parent's";
  }

  bool same(const ShapedCell& cell, const Json& recorded) {
    if (cell.column == schema::id_column_name || cell.column == schema::parent_id_column_name) {
      return recorded.as_string() && ids_.name(*cell.value.as_string()) == *recorded.as_string();
    }
    const auto coerced = schema::coerce(cell.type.type, value_of(recorded));
    if (!coerced) return false;
    if (const schema::Timestamp* timestamp = coerced->as_timestamp()) {
      return timestamp->microseconds_utc == cell.value.as_timestamp()->microseconds_utc;
    }
    return *coerced == cell.value;
  }

  const schema::Naming& naming_;
  IdTranslation ids_;
};

/// Rows of one table stay in order; tables come one after another in ours.
std::vector<const Json*> by_table(const Json::Array& recorded, const std::vector<ShapedRow>& ours) {
  std::vector<const Json*> sorted;
  std::vector<std::string> tables;
  for (const ShapedRow& row : ours) {
    if (tables.empty() || tables.back() != row.table) tables.push_back(row.table);
  }
  for (const std::string& table : tables) {
    for (const Json& row : recorded) {
      if (text_field(row, "table") == table) sorted.push_back(&row);
    }
  }
  return sorted;
}

Outcome run_normalize(const Json& test_case) {
  const normalize::ShapeOptions options = options_of(test_case);
  const Json& document = field(test_case, "in");
  const ShapedDocument ours = shape_document(to_json(document), options);
  if (ours.error) {
    if (has_colliding_keys(document, options.naming) && ours.error->message.find("both become") != std::string::npos) {
      return ExpectedDifference{&colliding_keys};
    }
    return Failed{ours.error->message};
  }
  const Json::Array& recorded = *field(test_case, "rows").as_array();
  if (has_empty_name(recorded)) return ExpectedDifference{&empty_name};
  if (ours.rows.size() != recorded.size()) {
    return differs("rows", std::to_string(ours.rows.size()), std::to_string(recorded.size()));
  }
  const std::vector<const Json*> sorted = by_table(recorded, ours.rows);
  if (sorted.size() != ours.rows.size()) return Failed{"other tables than recorded"};
  Comparison comparison(options.naming);
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (std::string wrong = comparison.compare(ours.rows[i], *sorted[i]); !wrong.empty()) {
      return Failed{ours.rows[i].table + ": " + wrong};
    }
  }
  return Passed{};
}

const Registration registration({"normalize.json", run_normalize});

}  // namespace
}  // namespace outfall::vectors
