// SPDX-License-Identifier: Apache-2.0
//
// Arrow's side of IpcFileReader, for the files of this folder that read through Arrow C++.
#pragma once

#include <arrow/buffer.h>
#include <arrow/ipc/options.h>
#include <arrow/ipc/reader.h>
#include <arrow/record_batch.h>

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

/// Batches that were written with the same columns: an Arrow IPC file, or a stretch of one (ipc_file.h).
struct FileSection {
  std::shared_ptr<arrow::ipc::RecordBatchFileReader> reader;
  std::size_t first_batch = 0;   ///< of the file
  std::uint64_t begin = 0;       ///< where the section before it ends
  std::uint64_t tail_begin = 0;  ///< where its last part ends
  std::uint64_t end = 0;
  std::string tail_hash{};                  ///< the section behind it says so; empty: there is none
  std::vector<std::size_t> dictionaries{};  ///< the parts that all others of it are read with
};

struct IpcFileReader::State {
  std::string path;
  std::shared_ptr<arrow::Buffer> mapping;
  std::vector<FileSection> sections;           ///< in their order; there is always one
  std::shared_ptr<arrow::Schema> schema;       ///< of all sections together: those of the last one come first
  std::optional<std::vector<FilePart>> parts;  ///< one a batch; none: it was written before there were any
  std::vector<std::int64_t> batch_ends;        ///< of each batch, the number of rows up to its end
  IpcFileSize size;
  /// Of each part, whether its bytes are still to be looked at. Empty: none is to be looked at.
  mutable std::vector<std::atomic<bool>> unchecked;

  arrow::Status find_sections();
  arrow::Status check(const std::string& hash);
  arrow::Status check_rows(std::int64_t first, std::int64_t last) const;
  /// Errors: its bytes are not those that were written.
  arrow::Status check_part(std::size_t index) const;
  const FileSection& section_of(std::size_t batch) const;

 private:
  arrow::Status find_batches(FileSection& section);
  arrow::Status check_bytes_of(std::size_t part, const FileSection& section) const;
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

/// A batch of a file with all of the file's columns, checked: its bytes are what was written, where the file is held
/// against that, and no consumer reads outside the mapping.
arrow::Result<std::shared_ptr<arrow::RecordBatch>> read_checked_batch(const IpcFileReader::State& file, int index);

/// The same rows, and none of the columns is a dictionary or runs.
arrow::Result<std::shared_ptr<arrow::RecordBatch>> plain_batch(const std::shared_ptr<arrow::RecordBatch>& batch);

/// One that Arrow may consume while the owner keeps it: Arrow calls only the outermost release.
ArrowSchema borrow(const ArrowSchema& schema);

arrow::ipc::IpcWriteOptions write_options();

}  // namespace outfall::columnar
