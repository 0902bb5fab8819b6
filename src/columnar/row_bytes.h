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

/// Whether a format that has columns alone has all that rows [first, last) are: documents have values that no column of
/// the table takes.
///
/// Errors: retry, in another format: they have one; abandon: the file is damaged.
Status check_columns_take(OpenRows rows, std::uint64_t first, std::uint64_t last, LoaderFileFormat format);

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
