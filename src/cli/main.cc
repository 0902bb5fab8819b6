// SPDX-License-Identifier: Apache-2.0
//
// The program: one command, one exit code.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <span>

#include "cli/commands.h"
#include "cli/output.h"
#include "outfall/fault.h"
#include "outfall/report.h"

namespace outfall::cli {
namespace {

int execute(const ShowCommand& command) {
  if (command.ending == Ending::delivered) {
    const Status written = write_output(command.text);
    return written ? 0 : complain(written.error());
  }
  std::fputs(command.text.c_str(), stderr);
  return static_cast<int>(command.ending);
}
int execute(const RunCommand& command) {
  return run(command);
}
int execute(const ResumeCommand& command) {
  return resume(command);
}
int execute(const QueryCommand& command) {
  return query(command);
}
int execute(const StatusCommand& command) {
  return status(command);
}

int execute(const PackageCommand& command) {
  return package(command);
}

int execute(const DeadLetterCommand& command) {
  return dead_letter(command);
}

int execute(const DestinationCommand& command) {
  return destination(command);
}

int execute(const PipelineCommand& command) {
  return pipeline(command);
}

int execute(const PipelineChangeCommand& command) {
  return pipeline_change(command);
}

int execute(const DatasetCommand& command) {
  return dataset(command);
}

int execute(const SchemaCommand& command) {
  return schema(command);
}

int execute(const ReplayCommand& command) {
  return replay(command);
}

// A descriptor that was closed before our start would be given to the first pipe or file that is opened: `run -` would
// wait for ever on a pipe of our own, and messages would go into it. Opened the wrong way round, it answers every use
// with an error.
void occupy_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) >= 0) continue;
    (void)::open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

std::atomic<bool> is_answered = false;  ///< the command has come to its own end

/// Somebody else has called exit(), a plugin maybe. Whatever code that one gave, what was asked for is not done.
void answer_for_exit() {
  if (is_answered) return;
  std::fputs(
      "error: the process was ended from inside, by a plugin or a library\n"
      "hint: what was sealed is safe, `outfall resume` finishes it\n",
      stderr);
  std::_Exit(static_cast<int>(Ending::failed));
}

int main_of(std::span<const char* const> arguments) {
  occupy_standard_descriptors();
  // A reader that went away is an answer to our write, not the end of us.
  std::signal(SIGPIPE, SIG_IGN);
  // A file that may not grow further is an error of the write.
  std::signal(SIGXFSZ, SIG_IGN);
  if (const Status armed = arm_fault_from_environment(); !armed) return complain(armed.error());
  const Result<Command> command = parse_command_line(arguments);
  if (!command) return complain(command.error());
  return std::visit([](const auto& chosen) { return execute(chosen); }, *command);
}

int answered(int code) {
  is_answered = true;
  return code;
}

}  // namespace
}  // namespace outfall::cli

int main(int argc, char** argv) {
  std::atexit(outfall::cli::answer_for_exit);
  try {
    return outfall::cli::answered(outfall::cli::main_of({argv + 1, static_cast<std::size_t>(argc > 0 ? argc - 1 : 0)}));
  } catch (const std::exception& error) {
    std::fprintf(stderr,
                 "error: %s\nhint: this is a bug of outfall; what was sealed is safe, `outfall resume` finishes it\n",
                 error.what());
    return outfall::cli::answered(static_cast<int>(outfall::Ending::failed));
  }
}
