// SPDX-License-Identifier: Apache-2.0
//
// Finding where documents begin and end in the bytes at hand. A cutter is shown the bytes from the last cut on, and
// more and more of them until a whole document is there; it remembers how far it has looked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/csv_record.h"
#include "normalize/chunk.h"
#include "outfall/error.h"

namespace outfall::sources {

/// A place in an input, for messages; both counted from 1, columns in bytes.
struct Place {
  std::uint64_t line = 1;
  std::uint64_t column = 1;
};

/// The bytes that a cutter is shown.
struct Window {
  std::string_view bytes;
  std::size_t chunk_bytes =
      0;  ///< documents that end beyond this are left for the next chunk, unless there is no other
  std::size_t documents_max = 0;
  std::uint64_t column_offset = 0;  ///< bytes of the same line before the first one
  bool at_end = false;              ///< nothing follows
};

class DocumentCutter {
 public:
  virtual ~DocumentCutter() = default;

  /// Adds the documents that are whole and says how many bytes they and what lies between them take. 0: needs more
  /// bytes. The next window begins behind what was taken, or else with the same bytes.
  virtual Result<std::size_t> cut(const Window& window, std::vector<normalize::DocumentSpan>& documents) = 0;

  /// The line on which the next window begins.
  virtual std::uint64_t line() const = 0;

  /// The input ended, and its last line has no end.
  virtual bool ends_inside_line() const { return false; }
};

/// One document a line; lines with nothing but blanks are none.
std::unique_ptr<DocumentCutter> make_line_cutter();

/// The elements of one array, which may be spread over lines in any way. `name` is the input's, for messages.
std::unique_ptr<DocumentCutter> make_array_cutter(std::string name);

/// How much of an input there is to look at.
enum class Probe : std::uint8_t {
  beginning,  ///< more can be had
  all,        ///< of the input, or limits::array_probe_bytes_max of it
};

/// Whether an input that begins with these bytes is one array of documents; nothing while it could be either. A whole
/// array on the first line with more lines behind it is one document of many.
std::optional<bool> is_one_array(std::string_view begin, Probe probe);

enum class CsvHeader { none, first_record };

/// Records of separated text, without the header.
std::unique_ptr<DocumentCutter> make_csv_cutter(const columnar::CsvDialect& dialect, CsvHeader header);

/// The error "<name>, line 3, column 14: <what>".
Error place_error(std::string_view name, Place place, std::string_view what);

inline bool is_blank(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

}  // namespace outfall::sources
