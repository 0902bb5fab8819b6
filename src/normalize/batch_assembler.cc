// SPDX-License-Identifier: Apache-2.0
#include "normalize/batch_assembler.h"

#include <fmt/format.h>

#include <utility>

#include "normalize/committer.h"

namespace outfall::normalize {
namespace {

using PlacesByName = std::unordered_map<std::string_view, ShapedColumn*>;

PlacesByName with_cells(ShapedTable& shaped) {
  PlacesByName places;
  for (ShapedColumn& column : shaped.columns) {
    if (column.cells || column.constant) places.emplace(column.name, &column);
  }
  return places;
}

}  // namespace

BatchAssembler::~BatchAssembler() {
  for (auto& [name, table] : tables_) {
    if (table.schema.release != nullptr) table.schema.release(&table.schema);
  }
}

void BatchAssembler::grow(PackageTable& table, const ShapedTable& shaped) {
  std::unordered_map<std::string_view, bool> wanted;
  for (const columnar::BatchColumn& column : table.columns) wanted.emplace(column.name, column.constant);
  const std::size_t known = wanted.size();
  for (const ShapedColumn& column : shaped.columns) {
    if (column.cells || column.constant) wanted.emplace(column.name, column.constant);
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
                       .constant = found != wanted.end() && found->second});
  }
  table.columns = std::move(columns);
  if (table.schema.release != nullptr) table.schema.release(&table.schema);
  columnar::make_batch_schema(table.columns, &table.schema);
}

Status BatchAssembler::add(ShapedTable& shaped) {
  if (shaped.rows == 0) return {};
  PackageTable& table = tables_[shaped.name];
  grow(table, shaped);
  const PlacesByName places = with_cells(shaped);
  std::vector<ArrowArray> arrays(table.columns.size());
  Status complete;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const columnar::BatchColumn& column = table.columns[i];
    const auto found = places.find(column.name);
    if (column.constant) {
      columnar::make_constant_text_array(load_id_, shaped.rows, &arrays[i]);
    } else if (found == places.end()) {
      columnar::make_null_array(column.type, shaped.rows, &arrays[i]);
    } else {
      found->second->cells->release_into(&arrays[i]);
    }
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
