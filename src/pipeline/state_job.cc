// SPDX-License-Identifier: Apache-2.0
#include "pipeline/state_job.h"

#include <utility>
#include <vector>

#include "columnar/table_batch.h"
#include "schema/table.h"

namespace outfall::pipeline {
namespace {

/// No document of an input stands here: the address from which the row's id is drawn.
constexpr normalize::DocumentAddress state_address{UINT64_MAX, 0};

ArrowArray one_cell(const schema::Column& column, const StateRow& row, const std::string& row_id) {
  columnar::ColumnBuilder cells(schema::column_type(column));
  if (column.name == "version") cells.set_int64(0, row.state.version());
  if (column.name == "engine_version") cells.set_int64(0, schema::state_engine_version);
  if (column.name == "pipeline_name") cells.set_text(0, row.state.pipeline_name());
  if (column.name == "state") cells.set_text(0, row.state.stored_text());
  if (column.name == "created_at") cells.set_int64(0, row.created_at_us);
  if (column.name == "version_hash") cells.set_text(0, row.state.version_hash());
  if (column.name == schema::load_id_column_name) cells.set_text(0, row.load_id);
  if (column.name == schema::id_column_name) cells.set_text(0, row_id);
  cells.skip_to(1);
  ArrowArray array;
  cells.release_into(&array);
  return array;
}

}  // namespace

Status write_state_row(const StateRow& row, const normalize::WriteBatch& write) {
  const schema::Table table = schema::pipeline_state_table();
  std::string row_id;
  normalize::RowIds(row.seed).root(state_address, row_id);
  std::vector<columnar::BatchColumn> columns;
  std::vector<ArrowArray> arrays;
  for (const schema::Column& column : table.columns) {
    columns.push_back({.name = column.name, .type = schema::column_type(column), .nullable = column.nullable});
    arrays.push_back(one_cell(column, row, row_id));
  }
  ArrowSchema description;
  columnar::make_batch_schema(columns, &description);
  ArrowArray batch;
  columnar::make_batch(std::move(arrays), 1, &batch);
  Status written = write(table.name, description, &batch);
  description.release(&description);
  return written;
}

}  // namespace outfall::pipeline
