// SPDX-License-Identifier: Apache-2.0
//
// CopyInput: a stream of rows as PostgreSQL's binary COPY may have it. COPY looks at the widths of values and at
// nothing else, so what stands in the stream must be what the column is; and a value that the server would refuse in
// the middle is found before.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outfall/arrow.h"
#include "outfall/error.h"
#include "sql/connection.h"

namespace outfall::sql {

/// PostgreSQL's word for the type that an Arrow format is in COPY. Empty: there is none.
std::string_view copied_type(std::string_view arrow_format);

/// Whether values of an Arrow format may go straight into a column of the type `word`.
bool goes_into(std::string_view arrow_format, std::string_view word);

class CopyInput {
 public:
  /// Takes the stream over. `words`: the types of the columns that it goes into, in the order of the stream.
  CopyInput(ArrowArrayStream* stream, const std::atomic<bool>& cancelled);
  CopyInput(const CopyInput&) = delete;
  CopyInput& operator=(const CopyInput&) = delete;
  ~CopyInput();

  Status open();
  const ArrowSchema& schema() const { return schema_; }

  /// From now on the columns named are JSON, and so for the server.
  void mark_json(const std::vector<bool>& is_json);

  /// The stream for a driver, which looks into this object until it releases it.
  ArrowArrayStream lent();

  std::uint64_t rows() const { return rows_; }
  /// What ended the stream too early. None: nothing did.
  const Status& failure() const { return failure_; }
  /// The row that ended it. None: something else did.
  const std::optional<RefusedRow>& refused() const { return refused_; }

 private:
  Status next(ArrowArray* out);
  Status check(const ArrowArray& batch);
  /// The first row that the server would refuse for a value of the column.
  std::optional<RefusedRow> find_refused(const ArrowArray& column, std::size_t index) const;
  void count_in_microseconds(ArrowArray& column, std::size_t index);

  ArrowArrayStream source_;
  ArrowSchema schema_{};
  ArrowSchema lent_schema_{};
  std::vector<ArrowSchema> columns_{};
  std::vector<ArrowSchema*> children_{};
  std::vector<bool> is_json_{};
  std::vector<std::vector<std::int64_t>> microseconds_{};  ///< by column, of the batch that was lent last
  const std::atomic<bool>& cancelled_;
  std::uint64_t rows_ = 0;
  Status failure_{};
  std::optional<RefusedRow> refused_{};
  std::string error_{};
};

}  // namespace outfall::sql
