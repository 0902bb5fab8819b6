// SPDX-License-Identifier: Apache-2.0
//
// The walker's rows: how a row begins, what it gets besides the document's values, and how a document is taken back.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "normalize/document_text.h"
#include "normalize/shaper.h"
#include "normalize/walker.h"
#include "schema/table.h"

namespace outfall::normalize {

Walker::Step Walker::begin_list(const ObjectShape& list, std::uint32_t parent) {
  TableShape& table = *list.table;
  const std::uint64_t parent_serial = rows_[parent].serial;
  if (table.row_open || table.parent_row_serial == parent_serial) {
    const std::string_view other = table.parent_list == nullptr ? table.name : table.parent_list->list_key;
    return fail(fmt::format("the lists \"{}\" and \"{}\" of one document both become rows of the table {}",
                            sample(other), sample(list.list_key), table.name),
                "--on-collision suffix keeps both");
  }
  table.parent_row_serial = parent_serial;
  table.parent_list = &list;
  return Step::done;
}

std::uint32_t Walker::begin_row(TableShape& table, std::uint32_t parent, std::uint64_t list_index,
                                std::size_t object_offset) {
  if ((parent != none) != (table.parent_id_column != none)) {
    (void)fail_input(
        fmt::format("the table {} would hold documents and the rows of a list inside documents", table.name),
        "give the documents another table with --table");
    return none;
  }
  if (parent == none && table.contract.of_table() != ContractMode::evolve) {
    (void)refuse_table(table);
    return none;
  }
  if (table.chunk_serial == chunk_serial_ && table.rows == shape_.options().table_rows_max) {
    (void)fail(
        fmt::format("one document has more than {} rows for the table {}", shape_.options().table_rows_max, table.name),
        "--max-table-nesting keeps its lists as JSON");
    return none;
  }
  if (table.chunk_serial != chunk_serial_ && !table.confirmed &&
      shape_.confirmed_tables() + new_tables_ >= limits::tables_max) {
    (void)fail_input(fmt::format("the table {} would be one more than the {} that a schema may have", table.name,
                                 limits::tables_max),
                     "keys that are data (ids, dates) belong into values; --max-table-nesting 0 keeps lists as JSON");
    return none;
  }
  if (table.chunk_serial != chunk_serial_) {
    begin_table(table);
    table.first_parent = parent == none ? nullptr : rows_[parent].table;
  }
  if (table.document_serial != document_serial_) remember_table(table);

  const std::uint32_t index = open_rows_++;
  if (index == rows_.size()) rows_.emplace_back();
  Row& row = rows_[index];
  row.table = &table;
  row.number = table.rows;
  row.parent = parent;
  row.first_frame = static_cast<std::uint32_t>(frames_.size());
  row.serial = ++row_serial_;
  row.list_index = list_index;
  row.offset = object_offset;
  row.id_used = false;
  row.has_own_id = false;
  table.row_open = true;

  const auto own_id = survey_ ? survey_->row_ids.find(object_offset) : decltype(survey_->row_ids.end()){};
  if (survey_ && own_id != survey_->row_ids.end()) {
    row.id = own_id->second;
    row.has_own_id = true;
  } else if (parent == none && !root_id_.empty()) {
    row.id = root_id_;
  } else if (parent == none) {
    row_ids_.root(source_.address, row.id);
  } else {
    rows_[parent].id_used = true;
    row_ids_.nested(rows_[parent].id, table.name, list_index, row.id);
  }
  return index;
}

void Walker::begin_table(TableShape& table) {
  table.chunk_serial = chunk_serial_;
  table.rows = 0;
  table.touched.clear();
  table.discovered.clear();
  table.assumed.clear();
  table.flattened.clear();
  table.variants.clear();
  table.conflicts.clear();
  table.documents.reset();
  if (keeps_documents_) {
    table.documents.emplace(schema::ColumnType{.type = DataType::json}, table.documents_room);
  }
  new_tables_ += table.confirmed ? 0 : 1;
  begun_tables_.emplace_back(place_here(), &table);
}

Walker::TablePlace Walker::place_here() const {
  TablePlace place;
  DiscoveryOrder list;
  for (const Frame& frame : frames_) {
    if (frame.kind == Frame::Kind::list) {
      place.levels.push_back({std::exchange(list, {}), frame.list_index});
    } else {
      list.path.push_back(position_of(frame));
    }
  }
  return place;
}

bool Walker::comes_before(const TablePlace& a, const TablePlace& b) {
  const std::size_t shared = std::min(a.levels.size(), b.levels.size());
  for (std::size_t i = 0; i < shared; ++i) {
    if (a.levels[i].list < b.levels[i].list) return true;
    if (b.levels[i].list < a.levels[i].list) return false;
    if (a.levels[i].index != b.levels[i].index) return a.levels[i].index < b.levels[i].index;
  }
  return a.levels.size() < b.levels.size();
}

void Walker::keep_begun_tables() {
  if (begun_tables_.empty()) return;
  std::ranges::stable_sort(begun_tables_, [](const auto& a, const auto& b) { return comes_before(a.first, b.first); });
  for (const auto& [place, table] : begun_tables_) chunk_tables_.push_back(table);
}

void Walker::remember_table(TableShape& table) {
  table.document_serial = document_serial_;
  table.rows_before = table.rows;
  table.touched_before = table.touched.size();
  table.discovered_before = table.discovered.size();
  table.assumed_before = table.assumed.size();
  table.variants_before = table.variants.size();
  table.conflicts_before = table.conflicts.size();
  table.columns_before = table.columns.size();
  table.row_discoveries.clear();
  table.row_open = false;
  document_tables_.push_back(&table);
}

constexpr const char* within_object_hint =
    "objects are one value each here (--max-table-nesting 0): with --max-table-nesting 1 their keys have columns";

Walker::Step Walker::finish_row(std::uint32_t index) {
  Row& row = rows_[index];
  TableShape& table = *row.table;
  for (const std::string& required : table.required) {
    const std::uint32_t place = shape_.find_column(table, required);
    const ColumnSlot* column = place == none ? nullptr : &table.columns[place];
    if (column != nullptr && is_set(*column, row)) continue;
    value_offset_ = row.offset;
    // What came for it may be in the column beside it.
    const std::string beside = required + "__v_";
    const auto variant = std::ranges::find_if(table.columns, [&](const ColumnSlot& other) {
      return other.row_serial == row.serial && other.name.starts_with(beside);
    });
    if (variant != table.columns.end()) {
      return fail(
          fmt::format("the value of \"{}\" in this row of {} does not fit the column {} ({}), which must be set "
                      "in every row",
                      variant->row_key == nullptr ? required : variant->row_key->key, table.name, required,
                      column == nullptr ? "" : name(column->type.type)),
          "correct the value, or give the column a type that takes it");
    }
    return fail(fmt::format("this row of {} has no value for the column {}, which must be set in every row", table.name,
                            required),
                is_within_object(required) ? within_object_hint : shape_.not_set_hint(table, required));
  }
  if (index == 0) {
    if (const Step step = settle_root_id(row); step != Step::done) return step;
  }
  put_system_cells(row);
  if (!table.row_discoveries.empty()) {
    std::ranges::stable_sort(table.row_discoveries, [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [order, column] : table.row_discoveries) table.discovered.push_back(column);
    table.row_discoveries.clear();
  }
  table.row_open = false;
  ++table.rows;
  open_rows_ = index;
  return Step::done;
}

/// A name that may be meant as one of a nested key, where objects are values as a whole.
bool Walker::is_within_object(std::string_view column) const {
  return keeps_documents_ && column.find('.') != std::string_view::npos;
}

/// In a document that is kept whole, a value of any type is one.
bool Walker::is_set(const ColumnSlot& column, const Row& row) const {
  if (keeps_documents_) return column.row_serial == row.serial;
  return column.chunk_serial == chunk_serial_ && column.cells && column.cells->length() > row.number;
}

void Walker::keep_document(TableShape& table) {
  if (survey_) left_out_keys_.insert(survey_->dropped_keys.begin(), survey_->dropped_keys.end());
  table.documents->begin_text(table.rows - 1);
  append_document(text_, left_out_keys_, table.documents->text());
  table.documents->end_text();
}

void Walker::leave_out(const Frame& frame, const KeySlot& slot) {
  if (slot.role != KeySlot::Role::row_id && keeps_documents_) left_out_keys_.insert(frame.key_offset);
}

void Walker::begin_root(const TableShape& table) {
  if (table.row_ids == RowIdKind::random) return;
  origin_ = row_ids_.origin(source_.address);
  key_values_.assign(table.key.size(), "null");
}

/// From all of the document.
void Walker::find_root_id() {
  if (canonical_.write_document(text_, scratch_)) row_ids_.of_content(scratch_, root_id_);
}

/// From the key, once its values are known.
Walker::Step Walker::settle_root_id(Row& row) {
  const TableShape& table = *row.table;
  if (table.row_ids != RowIdKind::key_hash || row.has_own_id) return Step::done;
  hashed_.clear();
  for (std::size_t part = 0; part < table.key.size(); ++part) hashed_.emplace_back(table.key[part], key_values_[part]);
  hash_members();
  if (row.id == root_id_) return Step::done;
  if (row.id_used) return Step::keyed;
  row.id = root_id_;
  return Step::done;
}

void Walker::hash_members() {
  CanonicalJson::write_object(hashed_, scratch_);
  row_ids_.of_content(scratch_, root_id_);
}

void Walker::put_system_cells(Row& row) {
  TableShape& table = *row.table;
  std::uint32_t position = 0;
  const auto put_text = [&](std::uint32_t column, std::string_view text) {
    touch(table, column, row, position++);
    if (auto& cells = table.columns[column].cells) cells->set_text(row.number, text);
  };
  if (table.load_id_column != none) touch(table, table.load_id_column, row, position++);
  if (row.parent != none) {
    if (table.root_id_column != none) put_text(table.root_id_column, rows_.front().id);
    put_text(table.parent_id_column, rows_[row.parent].id);
    touch(table, table.list_index_column, row, position++);
    table.columns[table.list_index_column].cells->set_int64(row.number, static_cast<std::int64_t>(row.list_index));
  }
  put_text(table.id_column, row.id);
  if (table.origin_column == none) return;
  touch(table, table.origin_column, row);
  table.columns[table.origin_column].cells->set_int64(row.number, origin_);
}

void Walker::touch(TableShape& table, std::uint32_t index, const Row& row,
                   std::optional<std::uint32_t> system_position) {
  ColumnSlot& column = table.columns[index];
  if (column.chunk_serial == chunk_serial_) return;
  column.chunk_serial = chunk_serial_;
  column.found_as_variant = false;
  column.cells.reset();
  if (!column.constant) column.cells.emplace(column.type, column.room);
  table.touched.push_back(index);
  if (column.confirmed) return;
  DiscoveryOrder order;
  if (system_position) {
    order = {.path = {*system_position}, .system = true};
  } else {
    order = order_here(row);
  }
  table.row_discoveries.emplace_back(std::move(order), index);
}

DiscoveryOrder Walker::order_here(const Row& row) const {
  DiscoveryOrder order;
  for (std::size_t i = row.first_frame; i < frames_.size(); ++i) order.path.push_back(position_of(frames_[i]));
  return order;
}

std::uint32_t Walker::position_of(const Frame& frame) const {
  if (!survey_ || frame.kind != Frame::Kind::object) return frame.position;
  const auto kept = survey_->positions.find(frame.key_offset);
  return kept == survey_->positions.end() ? frame.position : kept->second;
}

void Walker::take_back_document() {
  for (TableShape* table : document_tables_) {
    for (std::size_t i = table->touched_before; i < table->touched.size(); ++i) {
      table->columns[table->touched[i]].chunk_serial = 0;
    }
    for (std::size_t i = table->variants_before; i < table->variants.size(); ++i) {
      table->columns[table->variants[i].column].variant_serial = 0;
    }
    table->touched.resize(table->touched_before);
    table->discovered.resize(table->discovered_before);
    table->assumed.resize(table->assumed_before);
    table->variants.resize(table->variants_before);
    table->conflicts.resize(table->conflicts_before);
    table->row_discoveries.clear();
    table->row_open = false;
    table->rows = table->rows_before;
    for (const std::uint32_t column : table->touched) {
      if (auto& cells = table->columns[column].cells) cells->truncate(table->rows);
    }
  }
  // Their types came from values that may not count in the end.
  for (TableShape* table : document_tables_) shape_.drop_columns(*table, table->columns_before);
  for (const auto& [place, table] : begun_tables_) {
    table->chunk_serial = 0;
    new_tables_ -= table->confirmed ? 0 : 1;
  }
  document_tables_.clear();
  begun_tables_.clear();
  document_discards_.clear();
  frames_.clear();
  depth_ = 0;
  open_rows_ = 0;
  ++flattening_serial_;  // what was noted of it may be gone with its table
}

}  // namespace outfall::normalize
