// SPDX-License-Identifier: Apache-2.0
//
// Asks the system what a stream leads to, and keeps text in its place.
#include "cli/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

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

std::string one_line(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char byte : text) {
    switch (byte) {
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f) {
          out += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
        } else {
          out += byte;
        }
    }
  }
  return out;
}

std::string fact_line(std::string_view label, std::string_view text) {
  return fmt::format("  {:<14}{}\n", label, one_line(text));
}

}  // namespace outfall::cli
