// SPDX-License-Identifier: Apache-2.0
//
// Rows of a job file as bytes in the format that whoever takes them reads.
#pragma once

#include <cstdint>
#include <string>

#include "columnar/row_texts.h"
#include "columnar/rows_reader.h"
#include "outfall/error.h"
#include "outfall/types.h"

namespace outfall::columnar {

/// A job file that is open in both ways.
struct OpenRows {
  RowTexts& texts;
  RowsReader& reader;
};

/// Appends rows [first, last), complete in themselves: separated text has its header, Arrow is a stream, Parquet a
/// file.
///
/// Errors: abandon: the file is damaged; it holds documents, and the format wants columns.
Status append_rows(OpenRows rows, std::uint64_t first, std::uint64_t last, LoaderFileFormat format, std::string& out);

/// Rows [first, last) as a file that nobody may write to. One that stands there is replaced.
///
/// Errors: as above; retry: what the system says.
Status write_rows_to(OpenRows rows, std::uint64_t first, std::uint64_t last, LoaderFileFormat format,
                     const std::string& path);

}  // namespace outfall::columnar
