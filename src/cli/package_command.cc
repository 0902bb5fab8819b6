// SPDX-License-Identifier: Apache-2.0
//
// package list, show and drop.
#include <fmt/format.h>

#include <cstdio>
#include <limits>
#include <string>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/quantities.h"
#include "cli/status_text.h"
#include "cli/stop_signals.h"
#include "cli/terminal.h"
#include "outfall/package.h"

namespace outfall::cli {
namespace {

int print(const std::string& text) {
  const Status written = write_output(text);
  return written ? 0 : complain(written.error());
}

int list(const PackageCommand& command) {
  const Result<DataDirStatus> found = outfall::status({.data_dir = command.data_dir,
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
  const Result<PackageDetail> found = find_package({.data_dir = command.data_dir, .load_id = command.load_id});
  if (!found) return complain(found.error());
  return print(command.form == ReportForm::json ? to_json(*found) + "\n" : package_text(*found));
}

/// "100 documents (522 rows of all tables)"
std::string weight_text(const PackageStatus& package) {
  return fmt::format("{} ({} of all tables)", count_text(package.documents, "document"),
                     count_text(package.rows, "row"));
}

bool ask(const PackageDetail& detail) {
  std::fputs(package_text(detail).c_str(), stderr);
  std::fprintf(stderr, "give up %s of pipeline %s for good? [y/N] ", weight_text(detail.package).c_str(),
               detail.pipeline.c_str());
  std::fflush(stderr);
  const int answer = std::fgetc(stdin);
  return answer == 'y' || answer == 'Y';
}

Status agree(const PackageCommand& command, const PackageDetail& detail) {
  if (command.consent == Consent::given) return {};
  const auto refuse = [](std::string message, std::string hint) {
    return fail(Error{.message = std::move(message), .hint = std::move(hint), .blame = Blame::usage});
  };
  if (!is_terminal(stdin) || !is_terminal(stderr)) {
    return refuse(fmt::format("package {} of pipeline {} holds {}, and nobody can be asked whether to give them up",
                              detail.package.load_id, detail.pipeline, weight_text(detail.package)),
                  "--yes drops it without asking");
  }
  return ask(detail) ? Status{} : refuse("nothing was dropped", "");
}

int drop(const PackageCommand& command) {
  PackageOptions which{.data_dir = command.data_dir, .load_id = command.load_id};
  const Result<PackageDetail> found = find_package(which);
  if (!found) return complain(found.error());
  which.load_id = found->package.load_id;
  if (found->package.state == PackageState::pending) {
    if (const Status agreed = agree(command, *found); !agreed) return complain(agreed.error());
  }
  const StopSignals signals;
  const Result<DroppedPackage> dropped =
      drop_package({.package = which, .lock_wait = command.lock_wait, .waiting = say_waiting, .stop = signals.token()});
  if (!dropped) return complain(dropped.error());
  // That it is dropped stays the exit code.
  if (command.form == ReportForm::json) (void)print(to_json(dropped->package) + "\n");
  std::fprintf(stderr, "dropped     package %s of pipeline %s: %s given up\n", which.load_id.c_str(),
               found->pipeline.c_str(), weight_text(found->package).c_str());
  for (const PackageInput& input : dropped->package.inputs) {
    const std::string called = input.run_key.empty() ? input.path : "run key " + input.run_key;
    std::fprintf(stderr, "input       %s: %s, counts as not loaded\n", one_line(called).c_str(),
                 count_text(input.documents, "document").c_str());
  }
  for (const std::string& note : dropped->notes) std::fprintf(stderr, "note: %s\n", one_line(note).c_str());
  return 0;
}

}  // namespace

int package(const PackageCommand& command) {
  switch (command.verb) {
    case PackageVerb::list:
      return list(command);
    case PackageVerb::show:
      return show(command);
    case PackageVerb::drop:
      return drop(command);
  }
  return 0;
}

}  // namespace outfall::cli
