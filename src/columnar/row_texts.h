// SPDX-License-Identifier: Apache-2.0
//
// RowTexts: rows of a job file as JSON objects, one a line, for programs that read them.
//
// Where the file has a row's document (schema::document_column_name) the row is that: keys in their order, values as
// they were written. Else it is made from the columns, in their order: null; true and false; bigint as a number;
// double as the shortest number that reads back, null for what is no number; decimal and wei as strings; binary as
// base64; dates `2024-01-02`, times `03:04:05.5`, timestamps `2024-01-02T03:04:05Z`, without the Z where they have no
// zone; JSON as it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "columnar/ipc_file.h"
#include "outfall/error.h"
#include "outfall/types.h"

namespace outfall::columnar {

struct RowTextColumn {
  std::string name;
  DataType type = DataType::text;
  std::string variant_of{};  ///< the column whose values it has where they do not fit; empty: it has its own
};

/// Of each column, the places of those that have what does not fit it.
std::vector<std::vector<std::size_t>> misfits_of(std::span<const RowTextColumn> columns);

struct RowForm {
  /// Columns do not tell a null from what is not there: made from them, rows have neither, as_is too.
  RowNulls nulls = RowNulls::omit;
  bool ints_as_strings = false;  ///< bigints beyond 2^53; of a document those that are values of its own keys

  bool operator==(const RowForm&) const = default;
};

enum class RowTextForm : std::uint8_t {
  plain,
  /// Strings that stand for a value of another type begin with its mark, as dlt writes them; the values are those of
  /// the columns, under the keys of the document, if there is one.
  typed,
  /// As a run takes each value again for what it was: numbers are numbers, but for those that JSON has not, which are
  /// texts; binary is `0x` and hexadecimal digits. Of columns alone.
  whole,
};

/// Used by one thread at a time.
class RowTexts {
 public:
  /// The columns that are wanted, in their order. Those that the file does not have are null in all its rows. Texts are
  /// made from the mapping of the file, which must be open as long.
  static Result<RowTexts> open(const IpcFileReader& file, std::span<const RowTextColumn> columns, const RowForm& form);

  RowTexts(RowTexts&&) noexcept;
  RowTexts& operator=(RowTexts&&) noexcept;
  ~RowTexts();

  /// Appends rows [first, last), each with a line feed behind it.
  ///
  /// Errors: abandon: the file is damaged.
  Status append(std::uint64_t first, std::uint64_t last, std::string& out, RowTextForm form = RowTextForm::plain);

  /// Appends rows [first, last) as separated text (RFC 4180, lines end in a line feed), with or without the line of
  /// names: no value is an empty field, an empty text is `""`. From the columns.
  ///
  /// Errors: as above.
  Status append_separated(std::uint64_t first, std::uint64_t last, bool with_header, std::string& out);

  /// Of the file.
  std::uint64_t row_count() const;

  /// Doubles that JSON has no number for, and that became null, of the rows before `last` that were appended, each row
  /// once. They are forgotten.
  std::uint64_t take_not_numbers(std::uint64_t last);

  /// Whether the file has documents and no columns, as files that were written before they had both.
  bool has_documents_alone() const;

  /// Appends a row with all that the file knows of it, whatever the form, and nothing behind it. Errors: as above.
  Status append_as_kept(std::uint64_t row, std::string& out);

  /// The same of the columns that are wanted, also where the row has a document.
  Status append_cells(std::uint64_t row, std::string& out, RowTextForm form = RowTextForm::plain);

 private:
  struct State;
  explicit RowTexts(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace outfall::columnar
