// SPDX-License-Identifier: Apache-2.0
//
// Arrow's side of IpcFileReader, for the files of this folder that read through Arrow C++.
#pragma once

#include <arrow/buffer.h>
#include <arrow/ipc/reader.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "columnar/ipc_file.h"
#include "columnar/ipc_file_parts.h"

namespace outfall::columnar {

struct IpcFileReader::State {
  std::string path;
  std::shared_ptr<arrow::ipc::RecordBatchFileReader> reader;
  std::shared_ptr<arrow::Buffer> mapping;
  std::optional<std::vector<FilePart>> parts;  ///< one a batch; none: it was written before there were any
  std::vector<std::int64_t> batch_ends;        ///< of each batch, the number of rows up to its end
  IpcFileSize size;
  /// Of each part, whether its bytes are still to be looked at. Empty: none is to be looked at.
  mutable std::vector<std::atomic<bool>> unchecked;

  arrow::Status find_batches();
  arrow::Status check(const std::string& hash);
  arrow::Status check_rows(std::int64_t first, std::int64_t last) const;
  /// Errors: its bytes are not those that were written.
  arrow::Status check_part(std::size_t index) const;

 private:
  arrow::Status check_bytes(std::uint64_t begin, std::uint64_t end, const std::string& hash) const;
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

/// A batch of a file, checked: its bytes are what was written, where the file is held against that, and no consumer
/// reads outside the mapping.
arrow::Result<std::shared_ptr<arrow::RecordBatch>> read_checked_batch(const IpcFileReader::State& file, int index);

}  // namespace outfall::columnar
