// SPDX-License-Identifier: Apache-2.0
//
// What the name of an input says: its format, and how the table is called.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "outfall/error.h"
#include "outfall/types.h"

namespace outfall::sources {

/// Whether rows of that format come as columns.
constexpr bool is_columns(InputFormat format) {
  return format == InputFormat::parquet || format == InputFormat::arrow;
}

/// By the ending in front of .gz and .zst; none where that says nothing.
std::optional<InputFormat> format_of_name(std::string_view path);

/// The same, JSON where the name says nothing.
inline InputFormat format_of_file(std::string_view path) {
  return format_of_name(path).value_or(InputFormat::json);
}

/// What is_duckdb_database needs to see of a file.
inline constexpr std::size_t duckdb_header_bytes = 20;

bool is_duckdb_database(std::string_view begin);
bool has_name_of_duckdb_database(std::string_view name);

/// `out.db` for `out.db.wal`, `out.db.tmp`, `out.db.torn-123` and so on: the file that this one may belong to, if that
/// is a database. Empty where the name has no such ending.
std::string_view without_companion_ending(std::string_view name);

/// Looks at the first bytes of what is to be JSON or separated text, decompressed.
///
/// Errors: no text begins so, but another kind of file does; the hint says how that is loaded.
Status check_is_text(std::string_view begin, std::string_view input);

/// Whether more bytes than these few are needed for that, whatever it takes. Of a DuckDB database one cannot say so: it
/// begins with any bytes.
bool may_be_no_text(std::string_view begin);

/// `\t` for .tsv, else a comma: what to expect where several delimiters would do.
char expected_delimiter(std::string_view path);

/// The file's name without the endings of compressions and formats.
std::string_view stem(std::string_view path);

}  // namespace outfall::sources
