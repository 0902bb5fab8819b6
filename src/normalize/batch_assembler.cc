// SPDX-License-Identifier: Apache-2.0
#include "normalize/batch_assembler.h"

#include <fmt/format.h>

#include <utility>

#include "normalize/committer.h"

namespace outfall::normalize {

using columnar::Encoding;

BatchAssembler::~BatchAssembler() {
  for (auto& [name, table] : tables_) {
    if (table.schema.release != nullptr) table.schema.release(&table.schema);
  }
}

void BatchAssembler::describe(PackageTable& table) {
  if (table.schema.release != nullptr) table.schema.release(&table.schema);
  columnar::make_batch_schema(table.columns, &table.schema);
}

void BatchAssembler::grow(PackageTable& table, const ShapedTable& shaped) {
  std::unordered_map<std::string_view, Encoding> wanted;
  for (const columnar::BatchColumn& column : table.columns) wanted.emplace(column.name, column.encoding);
  const std::size_t known = wanted.size();
  for (const ShapedColumn& column : shaped.columns) {
    if (!column.cells && !column.constant) continue;
    wanted.emplace(column.name, column.constant ? Encoding::constant : Encoding::plain);
  }
  if (wanted.size() == known && known > 0) return;

  std::vector<columnar::BatchColumn> columns;
  for (const schema::Column& column : schema_.tables.find(shaped.name)->columns) {
    const auto found = wanted.find(column.name);
    // A column that must be set in every row belongs to every batch: without it, the destination would refuse the rows.
    const bool is_required = column.type && !column.nullable;
    if (found == wanted.end() && !is_required) continue;
    columns.push_back({.name = column.name,
                       .type = column_type(column),
                       .nullable = column.nullable,
                       .encoding = found == wanted.end() ? Encoding::plain : found->second});
  }
  table.columns = std::move(columns);
  describe(table);
}

void BatchAssembler::encode_sparse(PackageTable& table, const ShapedTable& shaped, const CellsByName& cells) {
  const auto builder_of = [&cells](const columnar::BatchColumn& column) -> const columnar::ColumnBuilder* {
    const auto found = cells.find(column.name);
    return found == cells.end() ? nullptr : &*found->second->cells;
  };
  std::size_t null_bytes = 0;
  for (const columnar::BatchColumn& column : table.columns) {
    if (column.encoding != Encoding::plain) continue;
    const columnar::ColumnBuilder* builder = builder_of(column);
    null_bytes += builder != nullptr ? builder->gap_bytes() : columnar::null_array_bytes(column.type, shaped.rows);
  }
  if (null_bytes <= limits::batch_null_bytes_max) return;
  for (columnar::BatchColumn& column : table.columns) {
    if (column.encoding != Encoding::plain || !column.nullable) continue;
    const columnar::ColumnBuilder* builder = builder_of(column);
    // A run takes about as much again as a value does.
    if (builder == nullptr || builder->runs() < shaped.rows / 2) column.encoding = Encoding::runs;
  }
  describe(table);
}

void BatchAssembler::take(const columnar::BatchColumn& column, std::uint32_t rows, columnar::ColumnBuilder* cells,
                          ArrowArray* out) {
  if (column.encoding == Encoding::constant) return columnar::make_constant_text_array(load_id_, rows, out);
  const bool as_runs = column.encoding == Encoding::runs;
  if (cells == nullptr) {
    return as_runs ? columnar::make_null_run_array(column.type, rows, out)
                   : columnar::make_null_array(column.type, rows, out);
  }
  return as_runs ? cells->release_runs_into(out) : cells->release_into(out);
}

Status BatchAssembler::add(ShapedTable& shaped) {
  if (shaped.rows == 0) return {};
  PackageTable& table = tables_[shaped.name];
  grow(table, shaped);
  CellsByName cells;
  for (ShapedColumn& column : shaped.columns) {
    if (column.cells) cells.emplace(column.name, &column);
  }
  encode_sparse(table, shaped, cells);
  std::vector<ArrowArray> arrays(table.columns.size());
  Status complete;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const columnar::BatchColumn& column = table.columns[i];
    const auto found = cells.find(column.name);
    take(column, shaped.rows, found == cells.end() ? nullptr : &*found->second->cells, &arrays[i]);
    if (!column.nullable && arrays[i].null_count > 0) {
      complete = fail(fmt::format("{} of {} rows have no value for the column {} of {}, which must be set in every row",
                                  arrays[i].null_count, shaped.rows, column.name, shaped.name),
                      "give every document the key, or load into another table");
    }
  }
  ArrowArray batch;
  columnar::make_batch(std::move(arrays), shaped.rows, &batch);
  if (!complete) {
    batch.release(&batch);
    return complete;
  }
  return write_(shaped.name, table.schema, &batch);
}

}  // namespace outfall::normalize
