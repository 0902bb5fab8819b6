// SPDX-License-Identifier: Apache-2.0
//
// The walker's values: reading scalars, and finding the column that takes them.
#include <fmt/format.h>

#include <utility>

#include "normalize/shaper.h"
#include "normalize/walker.h"
#include "schema/cell_form.h"

namespace outfall::normalize {

using simdjson::ondemand::json_type;

Walker::Step Walker::take_system_value(Frame& frame, KeySlot& slot, Value& value) {
  TableShape& table = *frame.shape->table;
  Row& row = rows_[frame.row];
  if (slot.role == KeySlot::Role::reserved) return fail_reserved(slot);
  if (slot.role == KeySlot::Role::nul) {
    return fail(fmt::format("the key \"{}\" has a NUL character, and so would its column", sample(slot.raw)),
                "rename the key in the input, or load it with --naming snake_case, which makes a _ of it");
  }
  if (slot.role == KeySlot::Role::left_out) {
    add(system_columns_left_out_, slot.column_name);
    return check_unused(value);
  }
  if (slot.role == KeySlot::Role::overwritten) {
    if (const Step step = check_unused(value); step != Step::done) return step;
  } else {
    json_type type;
    if (const auto code = value.type().get(type)) return fail_parse(code);
    if (type == json_type::object || type == json_type::array) {
      return fail(fmt::format("the key \"{}\" holds an object or a list; a row id is a text", sample(slot.key)),
                  "rename the key in the input");
    }
    Scalar scalar;
    if (const Step step = read_scalar(value, type, scalar); step != Step::done) return step;
    if (row.id != scalar.text && is_truthy(scalar)) {
      if (row.id_used) {
        // A survey finds the row id, so another one follows it here.
        return survey_ ? fail("two keys of one object both are its row id, _dlt_id", "leave one of them out")
                       : Step::survey;
      }
      row.id.assign(scalar.text);
      row.has_own_id = true;
    }
  }
  const std::uint32_t column = shape_.find_column(table, slot.column_name);
  if (column != none) touch(table, column, row);
  return Step::done;
}

bool Walker::is_truthy(const Scalar& scalar) {
  switch (scalar.kind) {
    case DataType::text:
      return !scalar.text.empty();
    case DataType::bigint:
      return scalar.integer != 0;
    case DataType::double_:
      return scalar.real != 0;
    case DataType::bool_:
      return scalar.truth;
    default:
      return true;
  }
}

Walker::Step Walker::take_scalar(const ObjectShape& shape, KeySlot& slot, Row& row, const Scalar& scalar) {
  TableShape& table = *shape.table;
  claim_column(shape, slot);
  if (slot.column == none) {
    if (shape_.refuses_column(table, slot.column_name)) {
      return refuse_column(slot, table, infer_type(scalar), scalar.text);
    }
    shape_.give_column(shape, slot, infer_type(scalar));
    if (table.columns.size() > limits::table_columns_max) return fail_columns(table);
    if (table.columns[slot.column].type.type == DataType::json) ++flattening_serial_;
  }
  ColumnSlot& column = table.columns[slot.column];
  if (column.row_serial == row.serial) return fail_collision(shape, column, slot);
  column.row_serial = row.serial;
  column.row_key = &slot;
  column.row_object = &shape;
  Cell cell;
  if (!convert(column, scalar, scratch_, cell)) return put_misfit(shape, slot, row, scalar);
  if (column.key_part != ColumnSlot::no_key_part) {
    key_values_[column.key_part].clear();
    CanonicalJson::append(key_values_[column.key_part], scalar);
  }
  touch(table, slot.column, row);
  put(scalar, cell, column, row);
  return Step::done;
}

void Walker::claim_column(const ObjectShape& shape, KeySlot& slot) {
  if (shape_.options().on_collision == OnCollision::error || slot.column_claim_serial == chunk_serial_) return;
  slot.column_claim_serial = chunk_serial_;
  claims_.push_back(shape_.claim_column(shape, slot));
}

void Walker::claim_table(const ObjectShape& shape, KeySlot& slot) {
  if (shape_.options().on_collision == OnCollision::error || slot.table_claim_serial == chunk_serial_) return;
  slot.table_claim_serial = chunk_serial_;
  claims_.push_back(shape_.claim_table(shape, slot));
}

Walker::Step Walker::put_misfit(const ObjectShape& shape, const KeySlot& slot, Row& row, const Scalar& scalar) {
  TableShape& table = *shape.table;
  ColumnSlot& column = table.columns[slot.column];
  if (refuses_type(table, slot, scalar)) return refuse_type(slot, table, scalar);
  const TypeConflicts policy = shape_.options().type_conflicts;
  // A file of separated text has one type a column.
  if (policy == TypeConflicts::variant && layout_ == nullptr) return put_variant(shape, slot, row, scalar);
  if (!shape_.settles_type(shape, column)) {
    const bool can_widen = policy == TypeConflicts::variant || policy == TypeConflicts::reject;
    return fail(fmt::format("the value {} of \"{}\" does not fit the column {} ({}){}", sample(scalar.text), slot.key,
                            column.name, name(column.type.type),
                            &table == root_table() ? "" : fmt::format(" of {}", table.name)),
                fmt::format("correct the value,{} or load into a new table with --column '{}:text'",
                            can_widen ? " widen the column with --type-conflicts widen," : "", hint_path(table, slot)));
  }
  // The row is shaped again by another pass; here a null stands for the value.
  touch(table, slot.column, row);
  if (column.cells) column.cells->skip_to(row.number + 1);
  shape_.note_conflict(table, slot.column, type_of_misfit(scalar), sample(scalar.text), source_.line);
  return Step::done;
}

const TableShape* Walker::root_table() const {
  return frames_.empty() ? nullptr : frames_.front().shape->table;
}

/// The column as --column takes it: in a nested table by the keys that lead to it.
std::string Walker::hint_path(const TableShape& table, const KeySlot& slot) const {
  const TableShape* root = root_table();
  if (root == nullptr || &table == root || !table.name.starts_with(root->name + "__")) return slot.column_name;
  std::string path = table.name.substr(root->name.size() + 2);
  for (std::size_t at = 0; (at = path.find("__", at)) != std::string::npos; ++at) path.replace(at, 2, ".");
  return path + "." + slot.column_name;
}

/// A cell of separated text is what its form says, as where the first of its column decides.
schema::ColumnType Walker::type_of_misfit(const Scalar& scalar) const {
  const bool is_cell = layout_ != nullptr && scalar.kind == DataType::text && !scalar.text.empty();
  const std::optional<DataType> of_form = is_cell ? schema::type_of(schema::form_of(scalar.text)) : std::nullopt;
  return of_form ? schema::ColumnType{.type = *of_form} : infer_type(scalar);
}

Walker::Step Walker::put_variant(const ObjectShape& shape, const KeySlot& slot, Row& row, const Scalar& scalar) {
  TableShape& table = *shape.table;
  const std::uint32_t index = shape_.variant(table, slot.column, scalar.kind, infer_type(scalar));
  if (table.columns.size() > limits::table_columns_max) return fail_columns(table);
  ColumnSlot& column = table.columns[index];
  if (column.row_serial == row.serial) return fail_collision(shape, column, slot);
  column.row_serial = row.serial;
  column.row_key = &slot;
  column.row_object = &shape;
  Cell cell;
  const bool is_taken = convert(column, scalar, scratch_, cell);
  // A document that is kept has it all the same.
  if (!is_taken && !keeps_documents_) {
    return fail(fmt::format("the value {} of \"{}\" fits neither the column {} ({}) nor its variant {} ({})",
                            sample(scalar.text), slot.key, table.columns[slot.column].name,
                            name(table.columns[slot.column].type.type), column.name, name(column.type.type)),
                fmt::format("--column '{}:text' keeps every value as text", hint_path(table, slot)));
  }
  const bool makes_column = column.chunk_serial != chunk_serial_;
  touch(table, index, row);
  if (is_taken) put(scalar, cell, column, row);
  if (makes_column) column.found_as_variant = true;
  if (column.variant_serial != chunk_serial_) {
    column.variant_serial = chunk_serial_;
    table.variants.push_back({.column = index, .value = std::string(sample(scalar.text)), .line = source_.line});
    if (!table.columns[slot.column].confirmed) table.assumed.push_back(slot.column);
  }
  return Step::done;
}

/// Where documents are kept whole there is nothing to put, and numbers stay what they are.
void Walker::put(const Scalar& scalar, const Cell& cell, ColumnSlot& column, const Row& row) {
  if (!column.cells) return;
  if (scalar.is_number_as_text && column.type.type == DataType::text) ++numbers_as_text_;
  store(cell, column.type.type, row.number, *column.cells);
}

Walker::Step Walker::read_scalar(Value& value, json_type type, Scalar& scalar) {
  switch (type) {
    case json_type::string:
      return read_string(value, scalar);
    case json_type::number:
      return read_number(value, scalar);
    default:
      scalar.kind = DataType::bool_;
      if (const auto code = value.get_bool().get(scalar.truth)) return fail_parse(code);
      scalar.text = scalar.truth ? "True" : "False";
      return Step::done;
  }
}

Walker::Step Walker::read_string(Value& value, Scalar& scalar) {
  const std::string_view bytes = string_bytes(token_of(value));
  if (const auto code = value.get_raw_json_string().error()) return fail_parse(code);
  scalar.kind = DataType::text;
  scalar.text = bytes;
  if (bytes.find('\\') == std::string_view::npos) return Step::done;
  if (!unescape(bytes, unescaped_)) return fail("a text has a broken escape");
  scalar.text = unescaped_;
  return Step::done;
}

Walker::Step Walker::read_number(Value& value, Scalar& scalar) {
  scalar.text = trimmed_token(token_of(value));
  simdjson::ondemand::number number;
  const auto code = value.get_number().get(number);
  // The parser does not call all integers of twenty digits big that are.
  const bool is_big =
      code == simdjson::BIGINT_ERROR ||
      (code && is_json_number(scalar.text) && scalar.text.find_first_of(".eE") == std::string_view::npos) ||
      (!code && number.is_uint64() && !number.is_int64());
  if (is_big) {
    if (!is_json_number(scalar.text)) return fail_parse(simdjson::NUMBER_ERROR);
    if (code) {
      // The parser did not consume the number; as a raw token it does.
      if (const auto raw = parsers_value(value).raw_json().error()) return fail_parse(raw);
    }
    constexpr std::size_t decimal_digits_max = 38;
    const std::size_t digits = scalar.text.size() - (scalar.text.front() == '-' ? 1 : 0);
    scalar.is_number_as_text = digits > decimal_digits_max;
    scalar.kind = scalar.is_number_as_text ? DataType::text : DataType::decimal;
    return Step::done;
  }
  if (code) {
    if (is_json_number(scalar.text)) {
      return fail(fmt::format("the number {} is too large for a double", sample(scalar.text)),
                  "write it as a text in the input: no type of number is that large");
    }
    return fail_parse(code);
  }
  if (number.is_int64()) {
    scalar.kind = DataType::bigint;
    scalar.integer = number.get_int64();
  } else {
    scalar.kind = DataType::double_;
    scalar.real = number.get_double();
  }
  return Step::done;
}

}  // namespace outfall::normalize
