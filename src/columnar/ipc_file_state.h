// SPDX-License-Identifier: Apache-2.0
//
// Arrow's side of IpcFileReader, for the files of this folder that read through Arrow C++.
#pragma once

#include <arrow/buffer.h>
#include <arrow/ipc/reader.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "columnar/ipc_file.h"

namespace outfall::columnar {

struct IpcFileReader::State {
  std::string path;
  std::shared_ptr<arrow::ipc::RecordBatchFileReader> reader;
  std::shared_ptr<arrow::Buffer> mapping;
  std::vector<std::int64_t> batch_ends;  ///< of each batch, the number of rows up to its end
  IpcFileSize size;
};

/// The batch that has a row, and the row that it begins with.
struct BatchOfRow {
  int index = 0;
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// Errors: there is no such row.
arrow::Result<BatchOfRow> find_batch(const IpcFileReader::State& file, std::int64_t row);

/// What is said where a file cannot be read.
Error damaged(const std::string& path, const arrow::Status& answer);

/// A batch of a file, checked: no consumer reads outside the mapping.
arrow::Result<std::shared_ptr<arrow::RecordBatch>> read_checked_batch(arrow::ipc::RecordBatchFileReader& reader,
                                                                      int index);

}  // namespace outfall::columnar
