// SPDX-License-Identifier: Apache-2.0
#include "columnar/arrow_batches.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace outfall::columnar {

Result<std::optional<ArrowRows>> BatchReader::next() {
  while (batch_ == nullptr || done_ == batch_->num_rows()) {
    Result<std::shared_ptr<arrow::RecordBatch>> read = read_batch();
    if (!read) return fail(std::move(read.error()));
    if (*read == nullptr) return std::nullopt;
    batch_ = std::move(*read);
    done_ = 0;
  }
  const std::int64_t rows = rows_that_fit();
  auto part = std::make_shared<ArrowRows::Batch>(fields_, batch_->Slice(done_, rows));
  done_ += rows;
  if (done_ == batch_->num_rows()) {
    batch_ = nullptr;  // its memory goes with the last rows of it
    done_ = 0;
  }
  return ArrowRows(std::move(part));
}

std::int64_t BatchReader::rows_that_fit() const {
  std::int64_t rows = std::min(batch_->num_rows() - done_, limits::arrow_rows_max);
  const auto bytes = [&] {
    std::size_t sum = 0;
    for (const std::shared_ptr<arrow::Array>& column : batch_->columns()) sum += cell_bytes(*column, done_, rows);
    return sum;
  };
  while (rows > 1 && bytes() > limits::arrow_rows_bytes) rows = (rows + 1) / 2;
  return rows;
}

Result<std::shared_ptr<const std::vector<ArrowField>>> describe_fields(const arrow::Schema& schema,
                                                                       const std::string& name) {
  auto fields = describe_fields(schema);
  if (!fields) return fail(fmt::format("{}: {}", name, fields.error().message), fields.error().hint);
  return fields;
}

}  // namespace outfall::columnar
