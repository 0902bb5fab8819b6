// SPDX-License-Identifier: Apache-2.0
//
// ArrowReader: rows that are stored as columns, batch after batch: Parquet files, Arrow's files and streams, and what a
// program hands over through Arrow's C interface.
//
// Batches are small (limits::arrow_rows_bytes), however large they were written. Not thread-safe; one reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "columnar/arrow_rows.h"
#include "columnar/byte_stream.h"
#include "outfall/arrow.h"
#include "outfall/error.h"

namespace outfall::limits {
/// What the rows handed on together take as cells; a single row may take more.
inline constexpr std::size_t arrow_rows_bytes = std::size_t{4} << 20;
inline constexpr std::int64_t arrow_rows_max = 65'536;
/// Columns of a file, those inside of lists and structs too.
inline constexpr int arrow_columns_max = 100'000;
}  // namespace outfall::limits

namespace outfall::columnar {

class ArrowReader {
 public:
  virtual ~ArrowReader() = default;

  virtual const std::vector<ArrowField>& fields() const = 0;

  /// The next rows, at least one; nothing at the end. Errors name the input and say what is wrong with it.
  virtual Result<std::optional<ArrowRows>> next() = 0;

  /// Bytes of the input that were read, at least about.
  virtual std::uint64_t bytes_read() const = 0;
};

/// A Parquet file. `name` is what messages call it. Errors: it is not one, it is damaged, a column's type is not known.
Result<std::unique_ptr<ArrowReader>> open_parquet(const std::string& path, std::string name);

/// An Arrow IPC stream, or an Arrow IPC file, which is read like one. `bytes` must outlive the reader; all of it is
/// read. Errors: the same, and an end without the mark that ends it.
Result<std::unique_ptr<ArrowReader>> open_arrow_ipc(ByteStream& bytes, std::string name);

/// Columns whose values are texts in a stream and something else to whoever made it: decimals, JSON.
using WrittenTypes = std::map<std::string, ColumnType, std::less<>>;  ///< by name of the column

/// Takes over the stream, also when it fails.
///
/// Errors: a written type is neither decimal nor JSON, or its column has no texts.
Result<std::unique_ptr<ArrowReader>> open_arrow_stream(ArrowArrayStream* stream, std::string name,
                                                       const WrittenTypes& written = {});

/// Rows that a program hands over at once. Takes over the array, also when it fails; the schema stays the caller's.
Result<std::unique_ptr<ArrowReader>> open_arrow_rows(ArrowArray* rows, const ArrowSchema& schema, std::string name);

}  // namespace outfall::columnar
