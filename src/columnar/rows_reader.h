// SPDX-License-Identifier: Apache-2.0
//
// RowsReader: gives rows of a job file as public Rows, which look into its mapping.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "columnar/ipc_file.h"
#include "columnar/row_texts.h"
#include "outfall/error.h"
#include "outfall/rows.h"

namespace outfall::columnar {

struct UntakenValue {
  std::size_t row = 0;  ///< among those that are selected
  std::string_view column;
};

/// Used by one thread at a time. The file must be open as long.
class RowsReader {
 public:
  /// Those of the columns that the file has, in their order.
  static RowsReader open(const IpcFileReader& file, std::span<const RowTextColumn> columns);

  RowsReader(RowsReader&&) noexcept;
  RowsReader& operator=(RowsReader&&) noexcept;
  ~RowsReader();

  /// Rows [first, last), of which `texts` gives the JSON. The ones before are no more. Rows that lie in several batches
  /// of the file are copied together, others are not touched.
  ///
  /// Errors: abandon: the file is damaged.
  Result<const Rows*> select(std::uint64_t first, std::uint64_t last, RowTexts& texts);

  /// The first value of what was selected last that its document has, and no column.
  std::optional<UntakenValue> find_untaken();

  /// Arrow's side of what was selected last: rows_state.h
  const Rows::State& state() const;

 private:
  struct Impl;
  explicit RowsReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace outfall::columnar
