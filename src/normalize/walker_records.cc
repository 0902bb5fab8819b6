// SPDX-License-Identifier: Apache-2.0
//
// The walker's records: rows of separated text. A record is a flat document whose keys the header gives; what follows
// from a key (names, system columns, hints, collisions) is the same.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "base/counts.h"
#include "base/nfc.h"
#include "base/utf8.h"
#include "normalize/shaper.h"
#include "normalize/walker.h"
#include "schema/cell_form.h"

namespace outfall::normalize {
namespace {

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc() && end == text.data() + text.size();
}

/// A cell in the form that its column wants it, if it is written in the way that the column's type prints; else as
/// text, and then the coercions decide.
Scalar read_cell(std::string_view text, DataType wanted) {
  Scalar scalar{.kind = DataType::text, .text = text};
  if (wanted == DataType::bigint && read_number(text, scalar.integer)) scalar.kind = DataType::bigint;
  if (wanted == DataType::double_ && read_number(text, scalar.real)) scalar.kind = DataType::double_;
  return scalar;
}

}  // namespace

void Walker::begin_records(const CsvLayout& layout, ObjectShape& root) {
  layout_ = &layout;
  record_root_ = &root;
  record_slots_.clear();
  for (const CsvLayout::Column& column : layout.columns) {
    const auto known = root.by_key.find(is_ascii(column.name) ? column.name : to_nfc(column.name));
    KeySlot& slot = known != root.by_key.end() ? *root.slots[known->second]
                                               : shape_.add_key(root, json_spelling(column.name), column.name);
    record_slots_.push_back(&slot);
  }
  find_twins();
}

/// One header is one document as far as its names go.
void Walker::find_twins() {
  twins_.reset();
  if (shape_.options().on_collision != OnCollision::error) return;
  std::unordered_map<std::string_view, const KeySlot*> seen;
  for (const KeySlot* slot : record_slots_) {
    if (slot->role != KeySlot::Role::data) continue;
    const auto [earlier, is_new] = seen.emplace(slot->column_name, slot);
    if (is_new || earlier->second == slot) continue;
    twins_ = std::pair(earlier->second, slot);
    return;
  }
}

Walker::Step Walker::fail_twins() {
  const auto& [first, second] = *twins_;
  return fail_input(fmt::format("the columns \"{}\" and \"{}\" of the header both become the column {} of {}",
                                sample(first->key), sample(second->key), first->column_name, record_root_->table->name),
                    "--on-collision suffix keeps both, or give one of them another name in the header");
}

std::optional<DocumentError> Walker::walk_record(const DocumentText& record, bool valid_utf8) {
  source_ = record;
  text_ = record.text;
  error_.reset();
  survey_.reset();
  root_id_.clear();
  ++document_serial_;
  document_tables_.clear();
  begun_tables_.clear();
  frames_.clear();
  open_rows_ = 0;
  document_is_open_ = false;
  value_offset_ = 0;
  const Step step = valid_utf8 || is_valid_utf8(text_) ? take_record() : fail_utf8();
  if (step == Step::done) return std::nullopt;
  take_back_document();
  return std::move(error_);
}

Walker::Step Walker::take_record() {
  if (twins_) return fail_twins();
  const columnar::CsvFault fault = record_.split(text_, layout_->dialect);
  if (fault != columnar::CsvFault::none) {
    value_offset_ = record_.fault_offset();
    return fault == columnar::CsvFault::open_quote
               ? fail_input("the quoted field that begins here does not end",
                            "a quote inside a quoted field is written twice")
               : fail("the quoted field that begins here has text behind its closing quote",
                      "a quote inside a quoted field is written twice");
  }
  const std::span<const columnar::CsvField> fields = record_.fields();
  if (fields.size() != record_slots_.size()) {
    if (fields.size() > record_slots_.size()) value_offset_ = fields[record_slots_.size()].offset;
    return fail(
        fmt::format("the record has {}, and the header has {}", counted(fields.size(), "field"), record_slots_.size()),
        "a field that holds the delimiter or a line end stands in quotes");
  }
  begin_root(*record_root_->table);
  if (record_root_->table->row_ids == RowIdKind::row_hash) find_record_id(fields);
  const std::uint32_t index = begin_row(*record_root_->table, none, 0, 0);
  if (index == none) return Step::failed;
  Frame& frame = frames_.emplace_back();
  frame.kind = Frame::Kind::object;
  frame.shape = record_root_;
  frame.row = index;
  for (std::uint32_t position = 0; position < fields.size(); ++position) {
    frames_.back().position = position;
    value_offset_ = fields[position].offset;
    if (is_null(fields[position])) {
      if (const Step step = take_gap(position, rows_[index]); step != Step::done) return step;
    } else if (const Step step = take_field(position, fields[position], rows_[index]); step != Step::done)
      return step;
  }
  frames_.pop_back();
  if (const Step step = finish_row(index); step != Step::done) return step;
  keep_begun_tables();
  keep_discards();
  return Step::done;
}

Walker::Step Walker::take_field(std::uint32_t position, const columnar::CsvField& field, Row& row) {
  KeySlot& slot = *record_slots_[position];
  if (slot.role != KeySlot::Role::data) return take_system_field(field, slot, row);
  if (const Step step = find_column(position); step != Step::done) return step;
  if (slot.column == none) {
    return refuse_column(slot, *record_root_->table, layout_->columns[position].type, field.text);
  }
  const ColumnSlot& column = record_root_->table->columns[slot.column];
  Scalar cell = read_cell(field.text, column.type.type);
  cell.is_exact = !column.declared;
  // All cells say what the column that the survey found says. Where the table has another one, each has to be looked
  // at.
  const bool is_as_surveyed = column.type.type == layout_->columns[position].type.type;
  if (!is_as_surveyed && !column.declared && !schema::keeps(column.type.type, field.text)) {
    cell = {.kind = DataType::text, .is_text_only = true, .text = field.text};
  }
  return take_scalar(*record_root_, slot, row, cell);
}

/// From all of the record, its fields as texts.
void Walker::find_record_id(std::span<const columnar::CsvField> fields) {
  key_values_.resize(fields.size());
  hashed_.clear();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (record_slots_[i]->role != KeySlot::Role::data) continue;
    std::string& value = key_values_[i];
    value.clear();
    if (is_null(fields[i])) {
      value = "null";
    } else {
      CanonicalJson::append(value, {.kind = DataType::text, .text = fields[i].text});
    }
    hashed_.emplace_back(record_slots_[i]->key, value);
  }
  hash_members();
}

/// The header has the order of the columns: one whose first cell comes late stands in its place all the same.
Walker::Step Walker::take_gap(std::uint32_t position, Row& row) {
  const KeySlot& slot = *record_slots_[position];
  if (slot.role != KeySlot::Role::data || !layout_->columns[position].has_cells) return Step::done;
  if (const Step step = find_column(position); step != Step::done || slot.column == none) return step;
  touch(*record_root_->table, slot.column, row);
  return Step::done;
}

Walker::Step Walker::find_column(std::uint32_t position) {
  KeySlot& slot = *record_slots_[position];
  claim_column(*record_root_, slot);
  if (slot.column != none || shape_.refuses_column(*record_root_->table, slot.column_name)) return Step::done;
  shape_.give_column(*record_root_, slot, layout_->columns[position].type);
  const TableShape& table = *record_root_->table;
  return table.columns.size() > limits::table_columns_max ? fail_columns(table) : Step::done;
}

Walker::Step Walker::take_system_field(const columnar::CsvField& field, KeySlot& slot, Row& row) {
  if (slot.role == KeySlot::Role::reserved) {
    return fail_input(
        fmt::format("the column \"{}\" begins with _dlt, which is kept for columns that describe the load", slot.key),
        "rename the column in the header");
  }
  if (slot.role == KeySlot::Role::left_out) {
    add(system_columns_left_out_, slot.column_name);
    return Step::done;
  }
  if (slot.role == KeySlot::Role::row_id) {
    row.id.assign(field.text);
    row.has_own_id = true;
  }
  const std::uint32_t column = shape_.find_column(*record_root_->table, slot.column_name);
  if (column != none) touch(*record_root_->table, column, row);
  return Step::done;
}

bool Walker::is_null(const columnar::CsvField& field) const {
  if (field.quoted) return false;
  return field.text.empty() || std::ranges::find(layout_->null_texts, field.text) != layout_->null_texts.end();
}

}  // namespace outfall::normalize
