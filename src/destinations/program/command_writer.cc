// SPDX-License-Identifier: Apache-2.0
#include "destinations/program/command_writer.h"

#include <fmt/format.h>

#include <cstring>
#include <map>
#include <utility>

#include "base/conceal.h"
#include "base/line_cutter.h"
#include "columnar/row_bytes.h"
#include "delivery/batch_file.h"

namespace outfall::destinations::program {
namespace {

constexpr int exit_fatal = 78;  // as sysexits.h calls it: EX_CONFIG
// As the shell says that it could not start it.
constexpr int exit_not_executable = 126;
constexpr int exit_not_found = 127;

constexpr const char* not_started_hint =
    "correct what it starts; where the command itself is wrong, `outfall package drop` forgets what it was to "
    "get, and the right command loads it";

/// In capitals; what is neither letter nor digit is `_`.
std::string variable_part(std::string_view key) {
  std::string part;
  for (const char c : key) {
    const bool is_small = c >= 'a' && c <= 'z';
    const bool is_plain = is_small || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    part += is_small ? static_cast<char>(c - 'a' + 'A') : is_plain ? c : '_';
  }
  return part;
}

}  // namespace

std::string seconds_text(std::chrono::nanoseconds duration) {
  return fmt::format("{} s", std::chrono::duration<double>(duration).count());
}

Outcome CommandWriter::write(const delivery::Batch& batch) {
  text_.clear();
  std::shared_ptr<const delivery::BatchFile> file;
  Status ready;
  if (batch.is_file) {
    auto written = delivery::BatchFile::write(batch);
    if (written)
      file = std::move(*written);
    else
      ready = fail(std::move(written.error()));
  } else {
    ready = columnar::append_rows({batch.rows, batch.reader}, batch.first, batch.last, batch.format, text_);
  }
  if (!ready) return delivery::not_ready(ready.error());
  std::vector<std::string> environment = options_.variables;
  environment.insert(
      environment.end(),
      {fmt::format("OUTFALL_TABLE={}", batch.table.name), fmt::format("OUTFALL_KEY={}", batch.key),
       fmt::format("OUTFALL_LOAD_ID={}", batch.load_id), fmt::format("OUTFALL_JOB={}", batch.job_file),
       fmt::format("OUTFALL_INDEX={}", batch.index), fmt::format("OUTFALL_ATTEMPT={}", batch.attempt),
       fmt::format("OUTFALL_ROWS={}", batch.size()), fmt::format("OUTFALL_FORMAT={}", name(batch.format)),
       fmt::format("OUTFALL_FILE={}", file == nullptr ? "" : file->path())});
  LineCutter log(options_.log, options_.secrets);
  const delivery::CallWatch::Call call(watch_.get(), [&batch] {
    return fmt::format("the command to take batch {} of {}", batch.index, batch.table.name);
  });
  const Result<ProgramEnd> end =
      run_program(guard_,
                  {.command = options_.command,
                   .environment = std::move(environment),
                   .input = text_,
                   .input_file = file == nullptr ? "" : file->path()},
                  options_.timeout, batch.stop, [&](std::string_view said) { log.take(said); });
  log.finish();
  if (!end) return delivery::retry_after(end.error());
  return outcome_of(*end, options_);
}

Result<std::vector<std::string>> own_variables(const Json& own) {
  struct Section {
    std::string key;       // with a dot behind it
    std::string variable;  // the same
    const Json* values;
  };
  std::vector<std::string> variables;
  std::map<std::string, std::string> keys;  // by variable
  std::vector<Section> sections = {{"", "OUTFALL_OPTION_", &own}};
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const Section section = sections[i];
    for (const Json::Member& member : *section.values->as_object()) {
      std::string key = section.key + member.key;
      std::string variable = section.variable + variable_part(member.key);
      if (member.value.is_object()) {
        sections.push_back({key + ".", variable + "__", &member.value});
        continue;
      }
      const auto [known, is_new] = keys.emplace(variable, key);
      if (!is_new) {
        return fail(Error{.message = fmt::format("{} and {} are both {} to its command", known->second, key, variable),
                          .hint = "give one of them another name",
                          .blame = Blame::usage});
      }
      const std::string* text = member.value.as_string();
      variables.push_back(fmt::format("{}={}", variable, text == nullptr ? to_json(member.value) : *text));
    }
  }
  return variables;
}

Outcome concealed(Outcome outcome, const std::vector<std::string>& secrets) {
  if (secrets.empty()) return outcome;
  outcome.reason = conceal(outcome.reason, secrets);
  for (RejectedRow& row : outcome.rows) row.reason = conceal(row.reason, secrets);
  return outcome;
}

std::string last_line(std::string_view said) {
  while (!said.empty() && (said.back() == '\n' || said.back() == '\r' || said.back() == ' ')) said.remove_suffix(1);
  const std::size_t begin = said.rfind('\n');
  return std::string(begin == std::string_view::npos ? said : said.substr(begin + 1));
}

std::string last_words(const ProgramEnd& end, const std::vector<std::string>& secrets) {
  const std::string line = last_line(end.said);
  const bool is_cut = end.said.size() >= program_said_max && end.said.starts_with(line);
  return is_cut ? conceal_end(line, secrets) : conceal(line, secrets);
}

std::string end_text(const ProgramEnd& end) {
  if (end.exit_code) return fmt::format("exit {}", *end.exit_code);
  return end.signal == 0 ? "" : fmt::format("signal {} ({})", end.signal, strsignal(end.signal));
}

Outcome outcome_of(const ProgramEnd& end, const CommandOptions& options) {
  const auto with_words = [words = last_words(end, options.secrets)](const std::string& what) {
    return words.empty() ? what : fmt::format("{}: {}", what, words);
  };
  if (end.is_timed_out) {
    const std::string longest = seconds_text(options.timeout.value_or(std::chrono::nanoseconds(0)));
    return {.kind = Outcome::Kind::unknown,
            .reason = with_words(fmt::format("the command did not end within {} and was killed", longest)),
            .hint = longer_hint};
  }
  if (end.is_stopped)
    return {.kind = Outcome::Kind::unknown, .reason = "the command was killed, because the run stops"};
  if (!end.exit_code) {
    const std::string how = end.signal == 0 ? std::string("nobody knows how the command ended")
                                            : fmt::format("the command was ended by {}", end_text(end));
    return {.kind = Outcome::Kind::unknown, .reason = with_words(how)};
  }
  const int code = *end.exit_code;
  if (code == 0) return Outcome::delivered();
  if (options.retry_codes.contains(code)) {
    return Outcome::retry(with_words(fmt::format("the command asks for another attempt (exit {})", code)));
  }
  if (options.reject_codes.contains(code)) {
    return Outcome::rejected(with_words(fmt::format("the command rejects it (exit {})", code)));
  }
  if (code == exit_fatal) return Outcome::fatal(with_words("the command gives up (exit 78)"));
  if (code == exit_not_executable || code == exit_not_found) {
    return {.kind = Outcome::Kind::retry,
            .reason = with_words(fmt::format("the shell could not start it (exit {})", code)),
            .hint = not_started_hint};
  }
  return {
      .kind = Outcome::Kind::unknown,
      .reason = with_words(fmt::format("the command failed with exit {}", code)),
      .hint = fmt::format("nobody knows what exit {0} means: --reject-on {0} says that the rows are bad, --retry-on "
                          "{0} that nothing happened",
                          code)};
}

}  // namespace outfall::destinations::program
