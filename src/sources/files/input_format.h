// SPDX-License-Identifier: Apache-2.0
//
// What the name of an input says: its format, and how the table is called.
#pragma once

#include <string_view>

#include "outfall/error.h"
#include "outfall/types.h"

namespace outfall::sources {

/// Whether rows of that format come as columns.
constexpr bool is_columns(InputFormat format) {
  return format == InputFormat::parquet || format == InputFormat::arrow;
}

/// By the ending in front of .gz and .zst; JSON where that says nothing.
InputFormat format_of_file(std::string_view path);

/// Files and folders that are hidden, and databases of DuckDB: their bytes are rows of nobody, and the destination's
/// own may lie in the folder.
bool is_left_out_of_folders(std::string_view name);

/// Looks at the first bytes of what is to be JSON or separated text, decompressed.
///
/// Errors: no text begins so, but another kind of file does; the hint says how that is loaded.
Status check_is_text(std::string_view begin, std::string_view input);

/// Whether more bytes than these few are needed for that.
bool may_be_no_text(std::string_view begin);

/// `\t` for .tsv, else a comma: what to expect where several delimiters would do.
char expected_delimiter(std::string_view path);

/// The file's name without the endings of compressions and formats.
std::string_view stem(std::string_view path);

}  // namespace outfall::sources
