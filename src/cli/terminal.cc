// SPDX-License-Identifier: Apache-2.0
//
// Asks the system what a stream leads to, and keeps text in its place.
#include "cli/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace outfall::cli {
namespace {

bool continues(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

}  // namespace

bool is_terminal(std::FILE* stream) {
  return ::isatty(::fileno(stream)) == 1;
}

Terminal Terminal::of(std::FILE* stream) {
  const char* term = std::getenv("TERM");
  const char* no_color = std::getenv("NO_COLOR");
  const bool can_redraw = term != nullptr && *term != '\0' && std::string_view(term) != "dumb";
  const bool interactive = is_terminal(stream) && can_redraw;
  return {.interactive = interactive, .colors = interactive && (no_color == nullptr || *no_color == '\0')};
}

std::size_t columns_of(std::FILE* stream) {
  winsize size{};
  if (::ioctl(::fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

std::string painted(const Terminal& terminal, Color color, std::string_view text) {
  if (!terminal.colors) return std::string(text);
  static constexpr std::string_view codes[] = {"1", "1;31", "32", "33", "36"};
  return fmt::format("\x1b[{}m{}\x1b[0m", codes[static_cast<std::size_t>(color)], text);
}

std::size_t shown_length(std::string_view text) {
  std::size_t length = 0;
  for (const char byte : text) length += continues(byte) ? 0 : 1;
  return length;
}

std::string shortened(std::string_view text, std::size_t columns) {
  if (shown_length(text) <= columns) return std::string(text);
  if (columns == 0) return "";
  std::size_t end = 0;
  for (std::size_t begun = 0; end < text.size(); ++end) {
    if (continues(text[end])) continue;
    if (++begun == columns) break;
  }
  return std::string(text.substr(0, end)) + "…";
}

namespace {

/// Bytes of the character that the text begins with, as UTF-8 has it. 0: it begins with none.
std::size_t character_bytes(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) return 1;
  const std::size_t bytes = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (bytes == 0 || bytes > text.size() || !std::ranges::all_of(text.substr(1, bytes - 1), continues)) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  const bool is_overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool is_none = (first == 0xed && second >= 0xa0) || (first == 0xf4 && second >= 0x90);
  return is_overlong || is_none ? 0 : bytes;
}

/// What a terminal does something at instead of showing it, from U+0080 on as before.
bool is_control(std::string_view character) {
  const auto last = static_cast<unsigned char>(character.back());
  return character.size() == 1 ? last < 0x20 || last == 0x7f
                               : character.size() == 2 && character.front() == '\xc2' && last < 0xa0;
}

}  // namespace

std::string one_line(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t bytes = character_bytes(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(bytes, 1));
    text.remove_prefix(character.size());
    if (character == "\n")
      out += "\\n";
    else if (character == "\r")
      out += "\\r";
    else if (character == "\t")
      out += "\\t";
    else if (bytes > 0 && !is_control(character))
      out += character;
    else
      for (const char byte : character) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
  }
  return out;
}

std::string fact_line(std::string_view label, std::string_view text) {
  return fmt::format("  {:<14}{}\n", label, one_line(text));
}

}  // namespace outfall::cli
