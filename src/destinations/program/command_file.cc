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

namespace outfall::destinations::program {
namespace {

/// Of a first line that names what runs the file; the kernel reads no more of it either.
constexpr std::size_t first_line_bytes_max = 256;

std::string_view first_word(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return text.substr(0, text.find(' '));
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
      : word_(word), guard_(guard), stop_(stop), first_(first_word(word.command)) {}

  Status check() {
    // A word with signs in it is the shell's affair.
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+";
    if (first_.empty() || first_.find_first_not_of(plain) != std::string::npos) return {};
    if (first_.contains('/')) return check_file(first_);
    const Result<std::optional<std::string>> found = find_word(first_);
    if (!found) return fail(found.error());
    if (!*found) return fail(no_such_word());
    return (*found)->starts_with('/') ? check_file(**found) : Status{};  // else it is the shell's own
  }

 private:
  /// What the shell would run for the word. None: nothing.
  Result<std::optional<std::string>> find_word(std::string_view word) {
    const Result<ProgramEnd> looked =
        run_program(guard_, {.command = fmt::format("command -v {}", word)}, std::nullopt, stop_);
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
    const std::string asked(first_word(std::string_view(line).substr(runner.size())));
    if (asked.empty() || asked.starts_with('-') || asked.find_first_of("=\t") != std::string::npos) return {};
    const Result<std::optional<std::string>> found = find_word(asked);
    if (!found) return fail(found.error());
    return *found ? Status{} : fail(no_such_runner(line, asked));
  }

  Error no_such_word() const {
    const bool is_here = !word_.is_secret && ::access(first_.c_str(), F_OK) == 0;
    return {.message = fmt::format("{} is not there", called()),
            .hint = is_here ? fmt::format("a file of this folder is written {}./{}", word_.scheme, first_)
                            : "name a program that is in the PATH, or the path of its file: with a / in it"};
  }

  Error no_such_file() const {
    return {.message = fmt::format("{} is not there", called()),
            .hint = fmt::format("its path begins at {}, where outfall was started; what is in the PATH is named "
                                "without a /",
                                absolute_path(".").value_or("the folder"))};
  }

  Error not_executable(const std::string& line) const {
    return {.message = fmt::format("{} cannot be run: it is not executable", called()),
            .hint = fmt::format("chmod +x {}{}", file(), or_with_runner(line))};
  }

  Error no_such_runner(const std::string& line, const std::string& runner) const {
    return {.message = fmt::format("{} cannot be run: its first line names {}, which is not there", called(), runner),
            .hint = fmt::format("correct that line{}", or_with_runner(line))};
  }

  /// ", or write exec:python3 ./push.py"
  std::string or_with_runner(const std::string& line) const {
    const std::string runner = runner_of(first_, line);
    return runner.empty() ? "" : fmt::format(", or write {}{} {}", word_.scheme, runner, file());
  }

  std::string_view called() const { return word_.is_secret ? std::string_view("its command") : first_; }
  std::string_view file() const { return word_.is_secret ? std::string_view("FILE") : first_; }

  const CommandWord& word_;
  ProgramGuard& guard_;
  const std::stop_token& stop_;
  const std::string first_;
};

}  // namespace

Status check_command(const CommandWord& word, ProgramGuard& guard, const std::stop_token& stop) {
  return Look(word, guard, stop).check();
}

}  // namespace outfall::destinations::program
