// SPDX-License-Identifier: Apache-2.0
//
// Writes record batches for other programs: as an Arrow IPC stream, or as a Parquet file.
#pragma once

#include <cstdint>

#include "outfall/arrow.h"
#include "outfall/error.h"
#include "outfall/types.h"

namespace outfall::columnar {

struct WrittenRows {
  std::uint64_t rows = 0;
  bool complete = true;  ///< false: nobody reads the pipe any more
};

/// Takes over the stream, also when it fails, and writes all of its rows to the descriptor; a pipe will do.
///
/// Errors: what the stream says; what the system answers to a write; a type that the format does not know; a
/// value that its type does not hold.
Result<WrittenRows> write_rows(ArrowArrayStream* stream, RowsFormat format, int descriptor);

}  // namespace outfall::columnar
