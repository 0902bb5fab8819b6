// SPDX-License-Identifier: Apache-2.0
//
// CommandWriter: a process a batch. The rows are its standard input, one JSON object a line; its exit code is the
// answer. The contract, for people: docs/programs.md.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/program.h"
#include "delivery/call_watch.h"
#include "delivery/writer.h"

namespace outfall::destinations::program {

struct CommandOptions {
  std::string command;  ///< for /bin/sh
  std::optional<std::chrono::nanoseconds> timeout{};
  LoaderFileFormat format = LoaderFileFormat::jsonl;  ///< that a program which is kept alive is started for
  std::set<int> reject_codes{};
  std::set<int> retry_codes{};
  Json own = Json::object();             ///< values of the configuration that are the program's own
  std::vector<std::string> variables{};  ///< the same as own_variables() has them
  std::vector<std::string> secrets{};    ///< texts of those that are secret, as conceal() takes them
  /// Gets each line that it writes beside its answers, from any thread.
  std::function<void(std::string_view)> log{};
};

/// What to do about one that took too long.
inline constexpr const char* longer_hint =
    "--timeout SECONDS, or a setting timeout of the destination, gives it longer";

/// "1 s", "0.25 s"
std::string seconds_text(std::chrono::nanoseconds duration);

class CommandWriter final : public delivery::Writer {
 public:
  /// `watch` of the load. The others outlive the object.
  CommandWriter(const CommandOptions& options, ProgramGuard& guard, std::shared_ptr<delivery::CallWatch> watch)
      : options_(options), guard_(guard), watch_(std::move(watch)) {}

  Outcome write(const delivery::Batch& batch) override;
  /// A command is told of nothing but rows.
  Outcome tell(const delivery::Event&) override { return {}; }

 private:
  const CommandOptions& options_;
  ProgramGuard& guard_;
  const std::shared_ptr<delivery::CallWatch> watch_;
  std::string text_;  ///< of the batch in hand
};

/// The variables that have the program's own values: OUTFALL_OPTION_API_KEY=..., sections joined by two underscores.
/// What is no text is JSON.
///
/// Errors: usage: two values have one variable.
Result<std::vector<std::string>> own_variables(const Json& own);

/// What is said, without the secrets.
Outcome concealed(Outcome outcome, const std::vector<std::string>& secrets);

/// The last line of what a program said that says something.
std::string last_line(std::string_view said);

/// The same of a program that has ended, without the secrets.
std::string last_words(const ProgramEnd& end, const std::vector<std::string>& secrets);

/// "exit 3" or "signal 9 (Killed)". Empty: nobody knows.
std::string end_text(const ProgramEnd& end);

/// What the end of a command says of its batch: 0 delivered, 78 fatal, some codes retry and rejected; anything else is
/// unknown.
Outcome outcome_of(const ProgramEnd& end, const CommandOptions& options);

}  // namespace outfall::destinations::program
