// SPDX-License-Identifier: Apache-2.0
//
// Record batches into DuckDB and out of it, over the Arrow C Stream Interface.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "outfall/arrow.h"
#include "sql/duckdb_statement.h"

namespace outfall::sql {

/// A caller's stream as DuckDB's arrow scan needs it.
///
/// DuckDB asks for the schema several times and releases neither it nor the stream, and it keeps the address. So the
/// schema is fetched once and lent, and the caller's stream is released here. A batch is refused once the connection
/// was cancelled.
class ArrowInput {
 public:
  /// Takes the stream over.
  ArrowInput(ArrowArrayStream* stream, const std::atomic<bool>& cancelled);
  ArrowInput(const ArrowInput&) = delete;
  ArrowInput& operator=(const ArrowInput&) = delete;
  ~ArrowInput();

  /// Fetches the schema and the first batch.
  /// Errors: the stream has no schema, or it is not a struct of columns; what the stream says of the batch.
  Status open();

  /// Of the first batch; 0: there is none.
  std::uint64_t first_batch_rows() const {
    return first_.release == nullptr ? 0 : static_cast<std::uint64_t>(first_.length);
  }

  duckdb_arrow_stream handle() { return reinterpret_cast<duckdb_arrow_stream>(&lent_); }
  std::uint64_t rows() const { return rows_; }

 private:
  /// What the caller's stream says of its failure.
  std::string source_error();
  static int lend_schema(ArrowArrayStream* self, ArrowSchema* out);
  static int lend_next(ArrowArrayStream* self, ArrowArray* out);
  static const char* last_error(ArrowArrayStream* self);

  ArrowArrayStream source_;
  ArrowArrayStream lent_{};
  ArrowSchema schema_{};
  ArrowArray first_{};
  bool is_first_lent_ = false;
  const std::atomic<bool>& cancelled_;
  std::string error_;
  std::uint64_t rows_ = 0;  // DuckDB fetches under a lock of its own
};

/// Gives a result away as a stream, batch by batch. `keep_alive` lives as long as the stream.
///
/// Errors: a column has a type, or is made of one, that Arrow does not hold exactly.
Status export_result(const DuckDbApi& api, DuckDbResult result, std::shared_ptr<void> keep_alive,
                     ArrowArrayStream* out);

}  // namespace outfall::sql
