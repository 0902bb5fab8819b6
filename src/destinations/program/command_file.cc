// SPDX-License-Identifier: Apache-2.0
#include "destinations/program/command_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/file.h"
#include "destinations/program/command_words.h"

namespace outfall::destinations::program {
namespace {

/// Of a first line that names what runs the file; the kernel reads no more of it either.
constexpr std::size_t first_line_bytes_max = 256;

std::string_view first_word(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return text.substr(0, text.find(' '));
}

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

/// What `env -S` is to look for. Empty: nobody knows.
std::string_view asked_of_env(std::string_view words) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+";
  std::string_view word = first_word(words);
  while (word.contains('=')) {
    words = trimmed(words.substr(word.size()));
    word = first_word(words);
  }
  return word.starts_with('-') || word.find_first_not_of(plain) != std::string_view::npos ? std::string_view() : word;
}

/// What runs a file, as its first line or its name says. Empty: nobody knows.
std::string runner_of(std::string_view path, std::string_view first_line) {
  if (path.ends_with(".py") || first_line.contains("python")) return "python3";
  if (first_line.contains("bash")) return "bash";
  return path.ends_with(".sh") || first_line.ends_with("/sh") ? "sh" : "";
}

/// Behind its `#!`. Empty: it has none, or cannot be read.
std::string first_line_of(const std::string& path) {
  Result<File> file = File::open(path, OpenMode::read);
  if (!file) return "";
  std::array<std::byte, first_line_bytes_max> bytes;
  const Result<std::size_t> count = file->read(bytes);
  if (!count) return "";
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), *count);
  if (!text.starts_with("#!")) return "";
  const std::string_view line = text.substr(2, text.find('\n') - 2);
  return std::string(line.substr(std::min(line.find_first_not_of(" \t"), line.size())));
}

/// A command as far as it is looked at, and what errors call it.
class Look {
 public:
  Look(const CommandWord& word, ProgramGuard& guard, const std::stop_token& stop)
      : word_(word), guard_(guard), stop_(stop), start_(start_of(word.command)) {}

  Status check() {
    if (!start_) return {};
    if (start_->text.contains('/')) return check_file(start_->text);
    const Result<std::optional<std::string>> found =
        find_word(start_->written, start_->sets_path ? start_->assignments : std::string_view());
    if (!found) return fail(found.error());
    if (!*found) return fail(no_such_word());
    return (*found)->starts_with('/') ? check_file(**found) : Status{};  // else it is the shell's own
  }

 private:
  /// What the shell would run for the word, as it is written, behind the assignments. None: nothing.
  Result<std::optional<std::string>> find_word(std::string_view word, std::string_view assignments = {}) {
    const std::string command = fmt::format("{}{}command -v -- {}", assignments, assignments.empty() ? "" : "; ", word);
    const Result<ProgramEnd> looked = run_program(guard_, {.command = command}, std::nullopt, stop_);
    if (!looked) return fail(looked.error());
    if (looked->exit_code != 0) return std::nullopt;
    return looked->said.substr(0, looked->said.find('\n'));
  }

  Status check_file(const std::string& path) {
    const Result<bool> is_there = file_exists(path);
    if (!is_there) return fail(is_there.error());
    if (!*is_there) return fail(no_such_file());
    std::error_code unreadable;
    if (std::filesystem::is_directory(path, unreadable))
      return fail(fmt::format("{} is a folder", called()), "name the program in it");
    const std::string line = first_line_of(path);
    if (::access(path.c_str(), X_OK) != 0) return fail(not_executable(line));
    return line.empty() ? Status{} : check_runner(line);
  }

  /// What the first line names, and what `env` behind it would look for.
  Status check_runner(const std::string& line) {
    if (line.ends_with('\r')) {
      return fail(fmt::format("{} cannot be run: its lines end with a carriage return", called()),
                  "write it with the line ends of Unix (dos2unix)");
    }
    const std::string runner(line.substr(0, line.find_first_of(" \t")));
    if (::access(runner.c_str(), X_OK) != 0) return fail(no_such_runner(line, runner));
    if (!runner.ends_with("/env")) return {};
    const std::string_view behind = trimmed(std::string_view(line).substr(runner.size()));
    const bool is_split = behind.starts_with("-S ");
    if (!behind.starts_with('-') && behind.contains(' ')) return fail(several_words(line, std::string(behind)));
    const std::string asked(asked_of_env(is_split ? trimmed(behind.substr(2)) : behind));
    if (asked.empty()) return {};
    const Result<std::optional<std::string>> found = find_word(asked);
    if (!found) return fail(found.error());
    return *found ? Status{} : fail(no_such_runner(line, asked));
  }

  Error no_such_word() const {
    const bool is_here = !word_.is_secret && ::access(start_->text.c_str(), F_OK) == 0;
    return {.message = fmt::format("{} is not there", called()),
            .hint = is_here ? fmt::format("a file of this folder is written {}./{}", word_.scheme, start_->written)
                            : "name a program that is in the PATH, or the path of its file: with a / in it"};
  }

  Error no_such_file() const {
    const std::string begin = start_->text.starts_with('/')
                                  ? "name the path of its file"
                                  : fmt::format("its path begins at {}, where outfall was started",
                                                absolute_path(".").value_or("the folder"));
    return {.message = fmt::format("{} is not there", called()),
            .hint = begin + "; what is in the PATH is named without a /"};
  }

  Error not_executable(const std::string& line) const {
    return {.message = fmt::format("{} cannot be run: it is not executable", called()),
            .hint = fmt::format("chmod +x {}{}", file(), or_with_runner(line))};
  }

  Error no_such_runner(const std::string& line, const std::string& runner) const {
    return {.message = fmt::format("{} cannot be run: its first line names {}, which is not there", called(), runner),
            .hint = fmt::format("correct that line{}", or_with_runner(line))};
  }

  /// The kernel hands all that is behind `env` to it as one word.
  Error several_words(const std::string& line, const std::string& words) const {
    Error error = no_such_runner(line, fmt::format("'{}'", words));
    error.hint = fmt::format("its first line is to be #!/usr/bin/env -S {}{}", words, or_with_runner(line));
    return error;
  }

  /// ", or write exec:python3 ./push.py"
  std::string or_with_runner(const std::string& line) const {
    const std::string runner = runner_of(start_->text, line);
    return runner.empty() ? "" : fmt::format(", or write {}{} {}", word_.scheme, runner, file());
  }

  std::string_view called() const { return word_.is_secret ? std::string_view("its command") : start_->written; }
  std::string_view file() const { return word_.is_secret ? std::string_view("FILE") : start_->written; }

  const CommandWord& word_;
  ProgramGuard& guard_;
  const std::stop_token& stop_;
  const std::optional<CommandStart> start_;  ///< none: the shell's affair
};

}  // namespace

Status check_command(const CommandWord& word, ProgramGuard& guard, const std::stop_token& stop) {
  return Look(word, guard, stop).check();
}

}  // namespace outfall::destinations::program
