// SPDX-License-Identifier: Apache-2.0
#include "destinations/program/command_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace outfall::destinations::program {
namespace {

constexpr std::string_view blanks = " \t";

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_name_part(char c) {
  return is_letter(c) || (c >= '0' && c <= '9');
}

/// The name that the text begins with. Empty: none.
std::string_view name_in(std::string_view text) {
  if (text.empty() || !is_letter(text.front())) return {};
  return text.substr(0, static_cast<std::size_t>(std::ranges::find_if_not(text, is_name_part) - text.begin()));
}

/// Of a variable that has the same value for whoever runs the command. None: it may get another one.
std::optional<std::string> value_of(std::string_view name) {
  if (name.starts_with("OUTFALL_") || name == "PWD") return std::nullopt;
  const char* value = std::getenv(std::string(name).c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

/// Reads one word of a command.
class WordReader {
 public:
  explicit WordReader(std::string_view rest) : rest_(rest) {}

  /// False: it cannot be told where the word ends, or reading it on would run something.
  bool read() {
    while (at_ < rest_.size()) {
      const char c = rest_[at_];
      if ((blanks.contains(c) || std::string_view("\n;|&<>").contains(c))) break;
      if (!read_piece(c)) return false;
    }
    const bool is_redirection = at_ < rest_.size() && std::string_view("<>").contains(rest_[at_]) &&
                                std::ranges::all_of(written(), [](char c) { return c >= '0' && c <= '9'; });
    return at_ > 0 && !is_redirection;
  }

  std::string_view written() const { return rest_.substr(0, at_); }
  const std::optional<std::string>& text() const { return text_; }  ///< none: only the shell knows

 private:
  bool read_piece(char c) {
    switch (c) {
      case '\'':
        return read_quoted();
      case '"':
        return read_in_double_quotes();
      case '\\':
        return read_escaped();
      case '$':
        return read_variable(false);
      case '`':
      case '(':
      case ')':
        return false;
      case '~':
        return read_home();
      default:
        // A pattern, a comment, or a word of the shell's own.
        if (std::string_view("*?[]{}!").contains(c) || (c == '#' && at_ == 0)) text_.reset();
        return take(c);
    }
  }

  bool take(char c) {
    if (text_) *text_ += c;
    ++at_;
    return true;
  }

  bool read_quoted() {
    const std::size_t end = rest_.find('\'', at_ + 1);
    if (end == std::string_view::npos) return false;
    if (text_) *text_ += rest_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return true;
  }

  bool read_in_double_quotes() {
    ++at_;
    while (at_ < rest_.size() && rest_[at_] != '"') {
      const char c = rest_[at_];
      const bool escapes = c == '\\' && at_ + 1 < rest_.size() && std::string_view("$`\"\\\n").contains(rest_[at_ + 1]);
      const bool is_read = escapes ? read_escaped() : c == '$' ? read_variable(true) : c != '`' && take(c);
      if (!is_read) return false;
    }
    if (at_ == rest_.size()) return false;
    ++at_;
    return true;
  }

  bool read_escaped() {
    ++at_;
    return at_ < rest_.size() && rest_[at_] != '\n' && take(rest_[at_]);
  }

  /// Other values than those of variables are the shell's affair.
  bool read_variable(bool is_quoted) {
    const std::string_view behind = rest_.substr(at_ + 1);
    const bool is_braced = behind.starts_with('{');
    const std::string_view name = name_in(behind.substr(is_braced ? 1 : 0));
    if (name.empty() || (is_braced && behind.substr(1 + name.size(), 1) != "}")) return false;
    at_ += 1 + name.size() + (is_braced ? 2 : 0);
    const std::optional<std::string> value = value_of(name);
    // Without quotes it may be several words, or a pattern.
    const bool is_one_word =
        is_quoted || (value && value->find_first_of(" \t\n*?[\\") == std::string::npos && !value->empty());
    if (!value || !is_one_word) text_.reset();
    if (text_) *text_ += *value;
    return true;
  }

  bool read_home() {
    const bool is_own = at_ == 0 && (rest_.size() == 1 || std::string_view("/ \t;|&\n").contains(rest_[1]));
    if (at_ > 0) return take('~');
    ++at_;
    const std::optional<std::string> home = is_own ? value_of("HOME") : std::nullopt;
    text_ = home;
    return true;
  }

  const std::string_view rest_;
  std::size_t at_ = 0;
  std::optional<std::string> text_ = "";
};

bool is_assignment(std::string_view written) {
  const std::string_view name = name_in(written);
  return !name.empty() && written.substr(name.size()).starts_with('=');
}

}  // namespace

std::optional<CommandStart> start_of(std::string_view command) {
  const std::size_t begin = command.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return std::nullopt;
  std::string_view rest = command.substr(begin);
  bool sets_path = false;
  while (true) {
    WordReader word(rest);
    if (!word.read()) return std::nullopt;
    const std::string_view written = word.written();
    if (!is_assignment(written)) {
      if (!word.text() || word.text()->empty()) return std::nullopt;
      const auto length = static_cast<std::size_t>(written.data() - command.data()) - begin;
      return CommandStart{.assignments = command.substr(begin, length),
                          .written = written,
                          .text = *word.text(),
                          .sets_path = sets_path};
    }
    // Where it is looked for then is known to the shell alone.
    if (written.starts_with("PATH=") && !word.text()) return std::nullopt;
    sets_path = sets_path || written.starts_with("PATH=");
    rest.remove_prefix(written.size());
    const std::size_t next = rest.find_first_not_of(blanks);
    if (next == 0 || next == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(next);
  }
}

std::string in_place_of_the_shell(std::string_view command) {
  const std::optional<CommandStart> start = start_of(command);
  if (!start || start->assignments.empty()) return fmt::format("exec {}", command);
  return fmt::format("{}exec {}", start->assignments,
                     command.substr(static_cast<std::size_t>(start->written.data() - command.data())));
}

}  // namespace outfall::destinations::program
