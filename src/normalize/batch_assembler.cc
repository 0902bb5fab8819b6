// SPDX-License-Identifier: Apache-2.0
#include "normalize/batch_assembler.h"

#include <fmt/format.h>

#include <utility>

#include "normalize/committer.h"

namespace outfall::normalize {

using columnar::ColumnBuilder;
using columnar::Encoding;

namespace {

constexpr columnar::ColumnType document_type{.type = DataType::json};

std::size_t bytes_of(const ShapedTable& shaped) {
  std::size_t bytes = shaped.documents ? shaped.documents->bytes() : 0;
  for (const ShapedColumn& column : shaped.columns) bytes += column.cells ? column.cells->bytes() : 0;
  return bytes;
}

}  // namespace

BatchAssembler::~BatchAssembler() {
  for (PackageTable& table : tables_) {
    if (table.schema.release != nullptr) table.schema.release(&table.schema);
  }
}

Status BatchAssembler::add(ShapedTable& shaped) {
  if (shaped.rows == 0) return {};
  const std::size_t bytes = bytes_of(shaped);
  PackageTable*& table = by_name_[shaped.name];
  if (table == nullptr) table = &tables_.emplace_back();
  const bool is_held_otherwise =
      table->held.rows > 0 && table->held.documents.has_value() != shaped.documents.has_value();
  if (is_held_otherwise) {
    if (Status written = hand_on(*table); !written) return written;
  }
  hold(*table, shaped);
  table->held_bytes += bytes;
  held_bytes_ += bytes;
  if (table->held_bytes >= limits::batch_bytes_min) return hand_on(*table);
  return held_bytes_ > limits::held_rows_bytes_max ? finish() : Status{};
}

Status BatchAssembler::finish() {
  for (PackageTable& table : tables_) {
    if (table.held.rows == 0) continue;
    if (Status written = hand_on(table); !written) return written;
  }
  return {};
}

Status BatchAssembler::hand_on(PackageTable& table) {
  Status written = write(table);
  held_bytes_ -= std::exchange(table.held_bytes, 0);
  table.by_name.clear();
  table.held = ShapedTable{};
  return written;
}

void BatchAssembler::hold(PackageTable& table, ShapedTable& shaped) {
  ShapedTable& held = table.held;
  const std::uint32_t rows = held.rows;
  if (rows == 0) {
    held.name = shaped.name;
    held.columns.clear();
    held.documents = std::move(shaped.documents);
  } else if (shaped.documents) {
    held.documents->append(*shaped.documents);
  }
  held.rows = rows + shaped.rows;
  for (ShapedColumn& column : shaped.columns) {
    if (!column.cells && !column.constant) continue;
    const auto found = table.by_name.find(column.name);
    if (found == table.by_name.end()) {
      if (rows > 0 && column.cells) {
        ColumnBuilder behind_gap(column.type);
        behind_gap.skip_to(rows);
        behind_gap.append(*column.cells);
        column.cells = std::move(behind_gap);
      }
      table.by_name.emplace(column.name, held.columns.size());
      held.columns.push_back(std::move(column));
      continue;
    }
    if (!column.cells) continue;
    ColumnBuilder& cells = *held.columns[found->second].cells;
    cells.skip_to(rows);
    cells.append(*column.cells);
    column.cells.reset();
  }
}

ColumnBuilder* BatchAssembler::held_cells(PackageTable& table, const std::string& column) {
  const auto found = table.by_name.find(column);
  if (found == table.by_name.end()) return nullptr;
  std::optional<ColumnBuilder>& cells = table.held.columns[found->second].cells;
  return cells ? &*cells : nullptr;
}

void BatchAssembler::describe(PackageTable& table) {
  if (table.schema.release != nullptr) table.schema.release(&table.schema);
  std::vector<columnar::BatchColumn> columns = table.columns;
  if (table.has_documents)
    columns.push_back({.name = std::string(schema::document_column_name), .type = document_type});
  columnar::make_batch_schema(columns, &table.schema);
}

void BatchAssembler::grow(PackageTable& table) const {
  std::unordered_map<std::string_view, Encoding> wanted;
  for (const columnar::BatchColumn& column : table.columns) wanted.emplace(column.name, column.encoding);
  const std::size_t known = wanted.size();
  for (const ShapedColumn& column : table.held.columns) {
    wanted.emplace(column.name, column.constant ? Encoding::constant : Encoding::plain);
  }
  const bool had_documents = std::exchange(table.has_documents, table.has_documents || table.held.documents);
  if (wanted.size() == known && known > 0 && table.has_documents == had_documents) return;

  std::vector<columnar::BatchColumn> columns;
  for (const schema::Column& column : schema_.tables.find(table.held.name)->columns) {
    const auto found = wanted.find(column.name);
    // A column that must be set in every row belongs to every batch: without it, the destination would refuse the rows.
    const bool is_required = column.type && !column.nullable;
    if (found == wanted.end() && !is_required) continue;
    columns.push_back({.name = column.name,
                       .type = column_type(column),
                       .nullable = column.nullable || table.has_documents,
                       .encoding = found == wanted.end() ? Encoding::plain : found->second});
  }
  const std::string origin(schema::origin_column_name);
  if (wanted.contains(origin)) columns.push_back({.name = origin, .type = {.type = DataType::bigint}});
  table.columns = std::move(columns);
  describe(table);
}

void BatchAssembler::encode_sparse(PackageTable& table) const {
  const std::uint32_t rows = table.held.rows;
  std::size_t null_bytes = 0;
  for (const columnar::BatchColumn& column : table.columns) {
    if (column.encoding != Encoding::plain) continue;
    const ColumnBuilder* cells = held_cells(table, column.name);
    null_bytes += cells != nullptr ? cells->gap_bytes() : columnar::null_array_bytes(column.type, rows);
  }
  if (null_bytes <= limits::batch_null_bytes_max) return;
  for (columnar::BatchColumn& column : table.columns) {
    if (column.encoding != Encoding::plain || is_required(table, column)) continue;
    const ColumnBuilder* cells = held_cells(table, column.name);
    // A run takes about as much again as a value does.
    if (cells == nullptr || cells->runs() < rows / 2) column.encoding = Encoding::runs;
  }
  describe(table);
}

void BatchAssembler::take(PackageTable& table, const columnar::BatchColumn& column, ArrowArray* out) const {
  const std::uint32_t rows = table.held.rows;
  if (column.encoding == Encoding::constant) return columnar::make_constant_text_array(load_id_, rows, out);
  ColumnBuilder* cells = held_cells(table, column.name);
  if (column.encoding == Encoding::runs) {
    return cells == nullptr ? columnar::make_null_run_array(column.type, rows, out) : cells->release_runs_into(out);
  }
  return cells == nullptr ? columnar::make_null_array(column.type, rows, out) : cells->release_into(out);
}

Status BatchAssembler::write(PackageTable& table) {
  const std::uint32_t rows = table.held.rows;
  for (ShapedColumn& column : table.held.columns) {
    if (column.cells) column.cells->skip_to(rows);
  }
  grow(table);
  encode_sparse(table);
  if (table.columns.empty()) {
    return fail(fmt::format("the {} rows of {} have no column that has a type", rows, table.held.name),
                "--add-row-ids gives each of them a _dlt_id to stand for it");
  }
  std::vector<ArrowArray> arrays(table.columns.size() + (table.has_documents ? 1 : 0));
  Status complete;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    take(table, table.columns[i], &arrays[i]);
    if (complete) complete = check_is_set(table, table.columns[i], arrays[i]);
  }
  if (table.has_documents) take_documents(table, &arrays.back());
  ArrowArray batch;
  columnar::make_batch(std::move(arrays), rows, &batch);
  if (!complete) {
    batch.release(&batch);
    return complete;
  }
  return write_(table.held.name, table.schema, &batch);
}

void BatchAssembler::take_documents(PackageTable& table, ArrowArray* out) const {
  if (table.held.documents) return table.held.documents->release_into(out);
  columnar::make_null_array(document_type, table.held.rows, out);
}

/// Whether rows without a document must have a value of it. As batches describe it, it may be null once there are
/// documents.
bool BatchAssembler::is_required(const PackageTable& table, const columnar::BatchColumn& column) const {
  if (!table.has_documents) return !column.nullable;
  return !schema_.tables.find(table.held.name)->columns.find(column.name)->nullable;
}

/// In a document, a value of any type is one: it need not be in the column.
Status BatchAssembler::check_is_set(const PackageTable& table, const columnar::BatchColumn& column,
                                    const ArrowArray& cells) const {
  if (table.held.documents || cells.null_count == 0 || !is_required(table, column)) return {};
  return fail(fmt::format("not every row of {} has a value that the column {} takes, and it must be set in every row",
                          table.held.name, column.name),
              schema::is_system_name(column.name)
                  ? "--add-row-ids gives rows of Parquet and Arrow what rows of documents have"
                  : "give every document the key, or load into another table");
}

std::map<std::string, std::set<std::string>> BatchAssembler::columns() const {
  std::map<std::string, std::set<std::string>> columns;
  for (const auto& [name, table] : by_name_) {
    for (const columnar::BatchColumn& column : table->columns) columns[name].insert(column.name);
  }
  return columns;
}

}  // namespace outfall::normalize
