// SPDX-License-Identifier: Apache-2.0
#include "destinations/program/command_writer.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "base/line_cutter.h"

namespace outfall::destinations::program {
namespace {

// As sysexits.h calls them: EX_TEMPFAIL, EX_DATAERR, EX_CONFIG.
constexpr int exit_retry = 75;
constexpr int exit_rejected = 65;
constexpr int exit_fatal = 78;
// As the shell says that it could not start it.
constexpr int exit_not_executable = 126;
constexpr int exit_not_found = 127;

std::string with_words(std::string what, const ProgramEnd& end) {
  const std::string line = last_line(end.said);
  return line.empty() ? what : fmt::format("{}: {}", what, line);
}

}  // namespace

Outcome CommandWriter::write(const delivery::Batch& batch) {
  text_.clear();
  if (Status told = batch.rows.append(batch.first, batch.last, text_); !told) {
    return {.kind = Outcome::Kind::fatal, .reason = told.error().message, .hint = told.error().hint};
  }
  LineCutter log(options_.log);
  const Result<ProgramEnd> end = run_program(
      guard_,
      {.command = options_.command,
       .environment = {fmt::format("OUTFALL_TABLE={}", batch.table.name), fmt::format("OUTFALL_KEY={}", batch.key),
                       fmt::format("OUTFALL_LOAD_ID={}", batch.load_id), fmt::format("OUTFALL_JOB={}", batch.job_file),
                       fmt::format("OUTFALL_INDEX={}", batch.index), fmt::format("OUTFALL_ATTEMPT={}", batch.attempt),
                       fmt::format("OUTFALL_ROWS={}", batch.size())},
       .input = text_},
      options_.timeout, batch.stop, [&](std::string_view said) { log.take(said); });
  log.finish();
  if (!end) return {.kind = Outcome::Kind::retry, .reason = end.error().message, .hint = end.error().hint};
  return outcome_of(*end);
}

std::string last_line(std::string_view said) {
  while (!said.empty() && (said.back() == '\n' || said.back() == '\r' || said.back() == ' ')) said.remove_suffix(1);
  const std::size_t begin = said.rfind('\n');
  return std::string(begin == std::string_view::npos ? said : said.substr(begin + 1));
}

Outcome outcome_of(const ProgramEnd& end) {
  if (end.is_timed_out) {
    return {.kind = Outcome::Kind::unknown, .reason = with_words("the command took too long and was killed", end)};
  }
  if (end.is_stopped)
    return {.kind = Outcome::Kind::unknown, .reason = "the command was killed, because the run stops"};
  if (!end.exit_code) {
    const std::string how =
        end.signal == 0 ? std::string("nobody knows how the command ended")
                        : fmt::format("the command was ended by signal {} ({})", end.signal, strsignal(end.signal));
    return {.kind = Outcome::Kind::unknown, .reason = with_words(how, end)};
  }
  switch (*end.exit_code) {
    case 0:
      return {.kind = Outcome::Kind::delivered};
    case exit_retry:
      return {.kind = Outcome::Kind::retry,
              .reason = with_words("the command asks for another attempt (exit 75)", end)};
    case exit_rejected:
      return {.kind = Outcome::Kind::rejected, .reason = with_words("the command rejects it (exit 65)", end)};
    case exit_fatal:
      return {.kind = Outcome::Kind::fatal, .reason = with_words("the command gives up (exit 78)", end)};
    case exit_not_executable:
    case exit_not_found:
      return {.kind = Outcome::Kind::retry, .reason = with_words("the command cannot be started", end)};
    default:
      return {.kind = Outcome::Kind::unknown,
              .reason = with_words(fmt::format("the command failed with exit {}", *end.exit_code), end)};
  }
}

}  // namespace outfall::destinations::program
