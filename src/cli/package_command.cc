// SPDX-License-Identifier: Apache-2.0
//
// package list and show, and what a person may do about one that is pending.
#include <fmt/format.h>

#include <cstdio>
#include <limits>
#include <optional>
#include <string>

#include "cli/commands.h"
#include "cli/consent.h"
#include "cli/quantities.h"
#include "cli/report_text.h"
#include "cli/shell_words.h"
#include "cli/status_text.h"
#include "cli/stop_signals.h"
#include "cli/terminal.h"
#include "outfall/package.h"

namespace outfall::cli {
namespace {

int list(const PackageCommand& command) {
  const Result<DataDirStatus> found = outfall::status({.data_dir = command.place.data_dir,
                                                       .state = command.place.state,
                                                       .pipeline = command.pipeline,
                                                       .packages_max = std::numeric_limits<std::int64_t>::max(),
                                                       .runs_max = 0});
  if (!found) return complain(found.error());
  if (command.form == ReportForm::json) return print(to_json(*found) + "\n");
  std::string text;
  for (const PipelineStatus& pipeline : found->pipelines) {
    text += (text.empty() ? "" : "\n") + packages_text(pipeline);
  }
  return print(text.empty() ? fmt::format("no pipeline has run in {}\n", found->data_dir) : text);
}

int show(const PackageCommand& command) {
  const Result<PackageDetail> found =
      find_package({.data_dir = command.place.data_dir, .state = command.place.state, .load_id = command.load_id});
  if (!found) return complain(found.error());
  return print(command.form == ReportForm::json ? to_json(*found) + "\n" : package_text(*found));
}

/// "100 documents (522 rows of all tables)"
std::string weight_text(const PackageStatus& package) {
  return fmt::format("{} ({} of all tables)", count_text(package.documents, "document"),
                     count_text(package.rows, "row"));
}

std::uint64_t pending_rows(const PackageStatus& package) {
  std::uint64_t rows = 0;
  for (const TableStatus& table : package.tables) rows += table.pending;
  return rows;
}

/// Where nested tables have rows too, these are told with them.
std::string documents_text(std::uint64_t documents, std::string_view what, std::uint64_t rows) {
  const std::string text = count_text(documents, what);
  return rows == documents ? text : fmt::format("{} ({} of all tables)", text, count_text(rows, "row"));
}

/// What a drop takes along, and what it does not take back.
std::string drop_text(const PackageDetail& detail) {
  const PackageStatus& package = detail.package;
  std::string text = weight_text(package);
  if (detail.dead_letters > 0) text += fmt::format(" with {}", count_text(detail.dead_letters, "dead letter"));
  if (package.delivered > 0) {
    text += fmt::format(", {} of which {} delivered and would come again under other keys",
                        count_text(package.delivered), package.delivered == 1 ? "is" : "are");
  }
  return text;
}

/// What a verb does to a package, for those who are to agree, and for those who ask what was done.
struct Act {
  const char* verb;       ///< "dropped"
  const char* gives_up;   ///< what is asked
  const char* consented;  ///< what --yes does
};

constexpr Act drop_act{"dropped", "give up", "drops it"};
constexpr Act abort_act{"aborted", "give up", "aborts it"};
constexpr Act skip_act{"skipped", "reject", "rejects them"};

std::string stake_text(const PackageCommand& command, const PackageDetail& detail) {
  const PackageStatus& package = detail.package;
  if (command.verb == PackageVerb::drop) return drop_text(detail);
  if (command.verb == PackageVerb::abort) {
    return documents_text(package.pending, "pending document", pending_rows(package));
  }
  return "what its failed jobs have not delivered";
}

Status agree_to(const PackageCommand& command, const PackageDetail& detail, const Act& act) {
  if (!is_pending(detail.package.state)) return {};
  const std::string stake = stake_text(command, detail);
  return agree(command.consent,
               {.question = fmt::format("{}{} {} of pipeline {} for good?", package_text(detail), act.gives_up, stake,
                                        detail.pipeline),
                .nobody = fmt::format("package {} of pipeline {}: nobody can be asked whether to {} {}",
                                      detail.package.load_id, detail.pipeline, act.gives_up, stake),
                .consented = act.consented,
                .refused = act.verb});
}

/// What all verbs that change something have in common: who is asked first, what is said behind.
int change(const PackageCommand& command, const Act* act, const auto& work, const auto& tell) {
  ChangeOptions options{
      .package = {.data_dir = command.place.data_dir, .state = command.place.state, .load_id = command.load_id},
      .lock_wait = command.lock_wait,
      .waiting = say_waiting};
  const Result<PackageDetail> found = find_package(options.package);
  if (!found) return complain(found.error());
  options.package.load_id = found->package.load_id;
  if (act != nullptr) {
    if (const Status agreed = agree_to(command, *found, *act); !agreed) return complain(agreed.error());
  }
  const StopSignals signals;
  options.stop = signals.token();
  const Result<ChangedPackage> changed = work(options);
  if (!changed) return complain(changed.error());
  // That it is done stays the exit code.
  if (command.form == ReportForm::json) (void)print(to_json(changed->package) + "\n");
  tell(*changed);
  for (const std::string& note : changed->notes) std::fprintf(stderr, "note: %s\n", one_line(note).c_str());
  return 0;
}

std::string package_name(const ChangedPackage& changed) {
  return fmt::format("package {} of pipeline {}", changed.package.package.load_id, changed.package.pipeline);
}

void say(std::string_view label, const std::string& text) {
  std::fputs(fmt::format("{:<12}{}\n", label, text).c_str(), stderr);
}

void hint_at_resume(const PackageCommand& command, const ChangedPackage& changed) {
  const std::string& destination = changed.package.package.destination;
  if (is_function(destination)) {
    std::fprintf(stderr, "hint: the program that has %s goes on with it (Pipeline::resume)\n",
                 one_line(destination).c_str());
    return;
  }
  std::fprintf(stderr, "hint: `outfall resume %s%s` goes on with it\n", shell_word(changed.package.pipeline).c_str(),
               place_words(command.place).c_str());
}

int retry(const PackageCommand& command) {
  return change(
      command, nullptr,
      [&](const ChangeOptions& options) {
        return retry_package({.change = options, .table = command.table, .force = command.force});
      },
      [&](const ChangedPackage& changed) {
        say("open again", fmt::format("{}: {}, {}; {} so far", package_name(changed), count_text(changed.jobs, "job"),
                                      count_text(changed.rows, "row"),
                                      count_text(changed.package.package.attempts, "failed attempt")));
        hint_at_resume(command, changed);
      });
}

int skip(const PackageCommand& command) {
  return change(
      command, &skip_act,
      [&](const ChangeOptions& options) {
        return skip_package({.change = options, .table = command.table, .on_reject = command.on_reject});
      },
      [&](const ChangedPackage& changed) {
        say(skip_act.verb,
            fmt::format("{}: {} of {} rejected, {} kept", package_name(changed), count_text(changed.rows, "row"),
                        count_text(changed.jobs, "job"), count_text(changed.dead_letters, "dead letter")));
        hint_at_resume(command, changed);
      });
}

int abort_rest(const PackageCommand& command) {
  return change(
      command, &abort_act, [](const ChangeOptions& options) { return abort_package(options); },
      [&](const ChangedPackage& changed) {
        const bool is_at_its_end = changed.package.package.state == PackageState::aborted;
        say(is_at_its_end ? abort_act.verb : "to abort",
            fmt::format("{}: {} given up, {} delivered", package_name(changed),
                        documents_text(changed.documents, "document", changed.rows),
                        count_text(changed.package.package.delivered)));
      });
}

int drop(const PackageCommand& command) {
  return change(
      command, &drop_act, [](const ChangeOptions& options) { return drop_package(options); },
      [&](const ChangedPackage& changed) {
        const PackageStatus& package = changed.package.package;
        const std::string there =
            package.delivered == 0 ? "" : fmt::format(", {} of which are delivered", count_text(package.delivered));
        say(drop_act.verb, fmt::format("{}: {} given up{}", package_name(changed), weight_text(package), there));
        if (package.delivered > 0) say("", "what is delivered comes again, under other keys, when it is loaded again");
        if (changed.package.dead_letters > 0)
          say("", count_text(changed.package.dead_letters, "dead letter") + " deleted");
        for (const PackageInput& input : changed.package.inputs) {
          const std::string called = input.run_key.empty() ? input.path : "run key " + input.run_key;
          say("input",
              fmt::format("{}: {}, counts as not loaded", one_line(called), count_text(input.documents, "document")));
        }
      });
}

}  // namespace

int package(const PackageCommand& command) {
  switch (command.verb) {
    case PackageVerb::list:
      return list(command);
    case PackageVerb::show:
      return show(command);
    case PackageVerb::retry:
      return retry(command);
    case PackageVerb::skip:
      return skip(command);
    case PackageVerb::abort:
      return abort_rest(command);
    case PackageVerb::drop:
      return drop(command);
  }
  return 0;
}

}  // namespace outfall::cli
