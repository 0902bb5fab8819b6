// SPDX-License-Identifier: Apache-2.0
//
// RowsReader: inputs that are stored as columns: Parquet files, Arrow IPC files and streams.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "sources/files/chunk_reader.h"

namespace outfall::sources {

struct RowsReaderOptions {
  std::string path;         ///< "-" is standard input
  std::string name;         ///< how messages call the input
  std::uint32_t input = 0;  ///< Chunk::input
  bool is_stream = false;   ///< it can be read once only
  std::string spool_folder;
  std::stop_token stop;
};

/// Parquet is read from its end: what comes through a pipe is kept in a file until the reader is gone. So that its
/// content is known, all of it is read once before.
Result<std::unique_ptr<ChunkReader>> open_parquet_input(const RowsReaderOptions& options);

Result<std::unique_ptr<ChunkReader>> open_arrow_input(const RowsReaderOptions& options);

}  // namespace outfall::sources
