// SPDX-License-Identifier: Apache-2.0
//
// RowTexts: rows of a job file as JSON objects, one a line, for programs that read them.
//
// null; true and false; bigint as a number; double as the shortest number that reads back, null for what is no number;
// decimal and wei as strings; binary as base64; dates `2024-01-02`, times `03:04:05.5`, timestamps
// `2024-01-02T03:04:05Z`, without the Z where they have no zone; JSON as it is. Keys stand in the order of the columns.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "columnar/ipc_file.h"
#include "outfall/error.h"
#include "outfall/types.h"

namespace outfall::columnar {

struct RowTextColumn {
  std::string name;
  DataType type = DataType::text;
};

/// What becomes of a column without a value.
enum class RowNulls : std::uint8_t {
  omit,  ///< its key is not there
  send,  ///< its key has a null
};

enum class RowTextForm : std::uint8_t {
  plain,
  typed,  ///< strings that stand for a value of another type begin with its mark, as dlt writes them
};

/// Used by one thread at a time.
class RowTexts {
 public:
  /// The columns that are wanted, in their order. Those that the file does not have are null in all its rows. Texts are
  /// made from the mapping of the file, which must be open as long.
  static Result<RowTexts> open(const IpcFileReader& file, std::span<const RowTextColumn> columns, RowNulls nulls);

  RowTexts(RowTexts&&) noexcept;
  RowTexts& operator=(RowTexts&&) noexcept;
  ~RowTexts();

  /// Appends rows [first, last), each with a line feed behind it.
  ///
  /// Errors: abandon: the file is damaged.
  Status append(std::uint64_t first, std::uint64_t last, std::string& out, RowTextForm form = RowTextForm::plain);

 private:
  struct State;
  explicit RowTexts(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace outfall::columnar
