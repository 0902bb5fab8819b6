// SPDX-License-Identifier: Apache-2.0
//
// ResultReader: what a database answers as record batches, given out as values, as batches of another size, or as the
// stream that it is.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "outfall/arrow.h"
#include "outfall/error.h"
#include "outfall/rows.h"

namespace outfall::columnar {

struct ResultValues {
  std::vector<Value> values{};  ///< row by row
  std::uint64_t rows = 0;
  std::shared_ptr<const void> texts{};  ///< in which what the values borrow lies
};

/// Used by one thread at a time. Each row is given out once. No more of the result is held than was asked for, and the
/// batch in hand.
class ResultReader {
 public:
  /// Takes over the stream, also when it fails.
  ///
  /// Errors: what the stream says; a type that no column of ours can hold.
  static Result<ResultReader> open(ArrowArrayStream* stream);

  ResultReader(ResultReader&&) noexcept;
  ResultReader& operator=(ResultReader&&) noexcept;
  ~ResultReader();

  std::span<const RowsColumn> columns() const;

  /// The next rows; fewer than `rows_max`: there are no more.
  ///
  /// Errors: what the stream says.
  Result<ResultValues> values(std::uint64_t rows_max);

  /// The next rows as one record batch. False: there are none, and nothing was written.
  ///
  /// Errors: what the stream says.
  Result<bool> batch(std::uint64_t rows_max, ArrowArray* rows, ArrowSchema* schema);

  /// What is left, which is no longer the reader's.
  Status give_away(ArrowArrayStream* out);

 private:
  struct Impl;
  explicit ResultReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace outfall::columnar
