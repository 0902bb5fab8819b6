// SPDX-License-Identifier: Apache-2.0
#include "pipeline/first_call.h"

#include <algorithm>
#include <utility>

#include "delivery/job_rows.h"

namespace outfall::pipeline {
namespace {

constexpr std::uint64_t rows_shown_max = 3;
constexpr std::size_t shown_bytes_max = std::size_t{64} << 10;

/// What a job file cannot change: names and types of its columns.
std::vector<std::string> columns_of(const ArrowSchema& schema) {
  std::vector<std::string> columns;
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    const ArrowSchema& column = *schema.children[i];
    columns.push_back(std::string(column.format) + ' ' + (column.name == nullptr ? "" : column.name));
  }
  return columns;
}

}  // namespace

Status FirstCallWatch::look(std::string_view table, const ArrowSchema& schema, const ArrowArray& batch) {
  if (lanes_ == nullptr || is_over_ || batch.length == 0 || (lanes_->skips_dlt && schema::is_system_name(table)))
    return {};
  if (table_.empty()) {
    const std::uint64_t wanted = is_bounded() ? static_cast<std::uint64_t>(batch.length) : rows_shown_max;
    Result<columnar::IpcFileReader> sample = columnar::IpcFileReader::in_memory(schema, batch, wanted);
    if (!sample) return fail(std::move(sample.error()));
    sample_.emplace(std::move(*sample));
    table_ = table;
    columns_ = columns_of(schema);
  }
  if (table != table_) return {};
  is_over_ = columns_of(schema) != columns_ || (lanes_->batch_size > 0 && rows_ >= lanes_->batch_size);
  if (!is_over_) rows_ += static_cast<std::uint64_t>(batch.length);
  return {};
}

Result<std::optional<FirstCall>> FirstCallWatch::found(const schema::Schema& schema) {
  const schema::Table* table = table_.empty() ? nullptr : schema.tables.find(table_);
  if (table == nullptr) return std::nullopt;
  auto texts = columnar::RowTexts::open(*sample_, delivery::row_columns(*table, lanes_->skips_dlt), lanes_->rows);
  if (!texts) return fail(std::move(texts.error()));
  FirstCall call{.table = table_, .rows = lanes_->batch_size == 0 ? rows_ : std::min(rows_, lanes_->batch_size)};
  const std::uint64_t known = std::min(call.rows, sample_->size().rows);
  std::size_t bytes = 0;
  for (std::uint64_t row = 0; row < known; ++row) {
    std::string text;
    if (Status told = texts->append(row, row + 1, text); !told) return fail(std::move(told.error()));
    bytes += text.size();
    if (row > 0 && is_bounded() && bytes > lanes_->batch_bytes) {
      call.rows = row;
      break;
    }
    const bool is_shown = row == 0 || (call.json.size() == row && row < rows_shown_max && bytes <= shown_bytes_max);
    if (!is_shown) continue;
    text.pop_back();  // its line feed
    call.json.push_back(std::move(text));
  }
  return call;
}

}  // namespace outfall::pipeline
