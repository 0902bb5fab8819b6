// SPDX-License-Identifier: Apache-2.0
//
// Programs that a run starts: a shell command each, in a process group of its own, which does not outlive the run.
//
// A process that is killed cannot clean up. So a keeper, a small process beside it, kills the groups that are left when
// its own standard input ends; and every program holds a lock from birth to death, for which whoever comes next waits.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "outfall/error.h"

namespace outfall {

/// Of one run. Any thread may use it.
class ProgramGuard {
 public:
  /// Takes the lock of the file at `lock_path`, made if missing; programs of a process that was killed are given
  /// `longest` to be dead.
  ///
  /// Errors: retry: they are not.
  static Result<std::unique_ptr<ProgramGuard>> make(const std::string& lock_path, std::chrono::milliseconds longest,
                                                    const std::stop_token& stop);
  /// One without a lock, of programs that are only looked at: nobody has to wait for their death.
  static Result<std::unique_ptr<ProgramGuard>> make_without_lock();
  ~ProgramGuard();
  ProgramGuard(const ProgramGuard&) = delete;
  ProgramGuard& operator=(const ProgramGuard&) = delete;

 private:
  friend class Program;
  friend class LiveProgram;

  explicit ProgramGuard(std::optional<File> lock) : lock_(std::move(lock)) {}
  static Result<std::unique_ptr<ProgramGuard>> with(std::optional<File> lock);
  Status start_keeper();
  void tell(char what, pid_t group);

  std::optional<File> lock_;
  pid_t keeper_ = -1;
  int to_keeper_ = -1;
  std::mutex mutex_;
};

struct ProgramStart {
  std::string command;                     ///< for /bin/sh
  std::vector<std::string> environment{};  ///< NAME=VALUE, beside what this process has and in place of it
  std::string_view input{};                ///< all of its standard input
  std::string input_file{};                ///< the path of a file that is it instead
};

/// Bytes of a program's words that are remembered: the last ones.
inline constexpr std::size_t program_said_max = 4096;

struct ProgramEnd {
  std::optional<int> exit_code{};
  int signal = 0;             ///< that ended it; 0 and no exit code: nobody knows how it ended
  bool is_timed_out = false;  ///< it was killed, because it took too long
  bool is_stopped = false;    ///< it was killed, because the run was asked to stop
  std::string said{};         ///< the end of what it wrote to standard output and standard error
};

/// Starts the command, waits for its end, and drains what it writes meanwhile. `said` gets what it writes, as it comes.
/// What is left of its group then is killed.
///
/// Errors: abandon: it cannot be started.
Result<ProgramEnd> run_program(ProgramGuard& guard, const ProgramStart& start,
                               std::optional<std::chrono::nanoseconds> timeout, const std::stop_token& stop,
                               const std::function<void(std::string_view)>& said = {});

/// Bytes of the longest line that a program may answer with.
inline constexpr std::size_t program_line_bytes_max = std::size_t{16} << 20;

/// A program that is kept alive, asked one thing after another, and answers with lines. Used by one thread at a time.
class LiveProgram {
 public:
  struct Answer {
    enum class Kind {
      line,
      ended,  ///< it closed its standard output or input, or is dead; `line` is what it said in place of taking all
      timed_out,
      stopped,   ///< the run was asked to stop
      untimely,  ///< it had said something before it was asked: `line`, or what there is of it
      too_long,  ///< more than program_line_bytes_max came without a line feed
    };
    Kind kind = Kind::line;
    std::string line{};  ///< without the line feed
  };

  /// `said` gets what it writes to standard error, as it comes: whenever it is asked something, and at its end.
  ///
  /// Errors: abandon: it cannot be started.
  static Result<LiveProgram> start(ProgramGuard& guard, const std::string& command,
                                   const std::vector<std::string>& environment = {},
                                   std::function<void(std::string_view)> said = {});
  LiveProgram(LiveProgram&&) noexcept;
  LiveProgram& operator=(LiveProgram&&) noexcept;
  /// Kills what is left of it.
  ~LiveProgram();

  /// Hands it the text, and waits until it has taken all of it and has written a line. After any answer but a line it
  /// is of no more use. `meanwhile` is called once it has taken all: what is done there is done while it works.
  Answer ask(std::string_view text, std::optional<std::chrono::nanoseconds> timeout, const std::stop_token& stop,
             const std::function<void()>& meanwhile = {});

  /// Says the last words, if it takes them at once, closes its standard input, gives it that long to end, and kills
  /// what is left of it.
  ProgramEnd end(std::string_view last_words, std::chrono::nanoseconds grace);

 private:
  struct State;
  explicit LiveProgram(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace outfall
