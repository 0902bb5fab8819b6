// SPDX-License-Identifier: Apache-2.0
//
// LineCutter: makes lines of text that comes in pieces.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace outfall {

namespace limits {
/// A longer line is handed on in pieces.
inline constexpr std::size_t log_line_max = std::size_t{16} << 10;
}  // namespace limits

class LineCutter {
 public:
  /// `line` gets each without its end; empty ones too. Null: they go nowhere.
  explicit LineCutter(std::function<void(std::string_view)> line) : line_(std::move(line)) {}

  void take(std::string_view text) {
    if (!line_) return;
    for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
      hand_on(text.substr(0, end));
      text.remove_prefix(end + 1);
    }
    rest_ += text;
    if (rest_.size() >= limits::log_line_max) finish();
  }

  /// Nothing more comes: what is left is a line.
  void finish() {
    if (line_ && !rest_.empty()) hand_on({});
  }

 private:
  void hand_on(std::string_view end) {
    rest_ += end;
    std::string_view whole = rest_;
    if (whole.ends_with('\r')) whole.remove_suffix(1);
    line_(whole);
    rest_.clear();
  }

  const std::function<void(std::string_view)> line_;
  std::string rest_;
};

}  // namespace outfall
