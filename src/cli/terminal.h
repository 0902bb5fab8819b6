// SPDX-License-Identifier: Apache-2.0
//
// What is at the other end of a stream: a person's terminal or a file, with colours or without.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

namespace outfall::cli {

struct Terminal {
  bool interactive = false;  ///< somebody looks, and a line can be drawn again
  bool colors = false;

  /// Respects TERM=dumb and NO_COLOR.
  static Terminal of(std::FILE* stream);
};

/// Whether a person may be at the other end, whatever their terminal can draw.
bool is_terminal(std::FILE* stream);

/// Columns of the terminal behind the stream, asked anew since windows change; 80 where there is none.
std::size_t columns_of(std::FILE* stream);

enum class Color { bold, red, green, yellow, cyan };

/// The text in a colour, or as it is.
std::string painted(const Terminal& terminal, Color color, std::string_view text);

/// Characters, not bytes.
std::size_t shown_length(std::string_view text);

/// At most `columns` characters; what was cut ends in an ellipsis.
std::string shortened(std::string_view text, std::size_t columns);

/// Characters of a reason or an error that lists and reports show; JSON has all of them.
inline constexpr std::size_t reason_columns_max = 500;

/// An indented line of a list of facts, of which the label begins each.
std::string fact_line(std::string_view label, std::string_view text);

/// One line whatever is in it: control characters, and bytes that are not UTF-8, are written as escapes.
std::string one_line(std::string_view text);

}  // namespace outfall::cli
