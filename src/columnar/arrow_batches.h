// SPDX-License-Identifier: Apache-2.0
//
// BatchReader: what all kinds of ArrowReader share: batches of any size go out as rows of a bounded size.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "columnar/arrow_batch.h"
#include "columnar/arrow_reader.h"

namespace outfall::columnar {

class BatchReader : public ArrowReader {
 public:
  const std::vector<ArrowField>& fields() const final { return *fields_; }
  Result<std::optional<ArrowRows>> next() final;

 protected:
  BatchReader(std::string name, std::shared_ptr<const std::vector<ArrowField>> fields)
      : name_(std::move(name)), fields_(std::move(fields)) {}

  /// The next batch as it was written; null at the end.
  virtual Result<std::shared_ptr<arrow::RecordBatch>> read_batch() = 0;

  const std::string& name() const { return name_; }

 private:
  std::int64_t rows_that_fit() const;

  std::string name_;
  std::shared_ptr<const std::vector<ArrowField>> fields_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  std::int64_t done_ = 0;  // rows of batch_ that went out
};

/// The same with the input's name in front.
Result<std::shared_ptr<const std::vector<ArrowField>>> describe_fields(const arrow::Schema& schema,
                                                                       const std::string& name);

}  // namespace outfall::columnar
