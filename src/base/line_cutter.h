// SPDX-License-Identifier: Apache-2.0
//
// LineCutter: makes lines of text that comes in pieces.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/conceal.h"

namespace outfall {

namespace limits {
/// A longer line is handed on in pieces.
inline constexpr std::size_t log_line_max = std::size_t{16} << 10;
}  // namespace limits

class LineCutter {
 public:
  /// `line` gets each without its end and without the secrets, which outlive the object; empty ones too. Null: they go
  /// nowhere.
  explicit LineCutter(std::function<void(std::string_view)> line, std::span<const std::string> secrets = {})
      : line_(std::move(line)), secrets_(secrets) {
    for (const std::string& secret : secrets_) secret_bytes_max_ = std::max(secret_bytes_max_, secret.size());
  }

  void take(std::string_view text) {
    if (!line_) return;
    for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
      hand_on(text.substr(0, end));
      text.remove_prefix(end + 1);
    }
    rest_ += text;
    if (rest_.size() >= limits::log_line_max + secret_bytes_max_) hand_on_begin();
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
    line_(conceal(whole, secrets_));
    rest_.clear();
  }

  /// What may be the beginning of a secret stays.
  void hand_on_begin() {
    std::size_t end = begin_of_secrets(rest_.size() - secret_bytes_max_);
    if (end == 0) {
      // One secret in another, and so on: only a text that is made so has no end of them.
      if (rest_.size() < 2 * (limits::log_line_max + secret_bytes_max_)) return;
      end = rest_.size() - secret_bytes_max_;
    }
    line_(conceal(std::string_view(rest_).substr(0, end), secrets_));
    rest_.erase(0, end);
  }

  /// The last place up to this one that is within no secret.
  std::size_t begin_of_secrets(std::size_t at) const {
    for (bool is_within = true; is_within;) {
      is_within = false;
      for (const std::string& secret : secrets_) {
        if (secret.size() < secret_bytes_min) continue;
        const std::size_t found = rest_.find(secret, at < secret.size() ? 0 : at - secret.size() + 1);
        if (found >= at) continue;
        at = found;
        is_within = true;
      }
    }
    return at;
  }

  const std::function<void(std::string_view)> line_;
  const std::span<const std::string> secrets_;
  std::size_t secret_bytes_max_ = 0;
  std::string rest_;
};

}  // namespace outfall
