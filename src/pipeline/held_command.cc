// SPDX-License-Identifier: Apache-2.0
#include "pipeline/held_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/fault.h"
#include "outfall/report.h"
#include "pipeline/unrecognized_input.h"

namespace outfall::pipeline {

Result<std::vector<std::string>> run_held_command(const CommandRequest& request, const CommandAct& act) {
  if (Status known = check_fault_of_environment(); !known) return fail(std::move(known.error()));
  constexpr std::size_t run_id_bytes = 8;
  Report report;
  report.run_id = random_hex(request.env, run_id_bytes);
  report.pipeline = request.binding.name;
  report.called = request.binding.name;
  report.dataset = request.binding.dataset;
  report.destination = request.binding.destination;
  report.data_dir = request.data_dir;
  Result<HeldPipeline> held = hold({.key = request.key,
                                    .data_dir = request.data_dir,
                                    .binding = request.binding,
                                    .lock_wait = request.lock_wait,
                                    .run_id = report.run_id,
                                    .command = request.command,
                                    .shared = request.shared},
                                   request.env);
  if (!held) return fail(std::move(held.error()));
  report.notes = notes_on_unended(held->unended, ledger::RunInput::none);
  std::ranges::move(held->notes, std::back_inserter(report.notes));

  const Status done = act(*held, report.run_id, report.notes);
  if (done) {
    report.ending = Ending::delivered;
  } else {
    report.error = done.error();
    report.ending = ending_of(done.error());
  }
  const Status ended =
      end_held(*held, {.run_id = report.run_id, .ending = static_cast<int>(report.ending), .trace = to_json(report)});
  if (!done) return fail(done.error());
  if (!ended) return fail(ended.error());
  return std::move(report.notes);
}

Result<ledger::PackageRecord> find_pending(ledger::Ledger& ledger, const std::string& load_id, std::string_view verb,
                                           FindAborting aborting) {
  Result<std::vector<ledger::PackageRecord>> pending = ledger.pending();
  if (!pending) return fail(std::move(pending.error()));
  const auto found = std::ranges::find(*pending, load_id, &ledger::PackageRecord::load_id);
  if (found == pending->end()) {
    return fail(Error{.message = fmt::format("package {} is not pending", load_id),
                      .hint = fmt::format("only what waits for its destination can be {}", verb),
                      .blame = Blame::usage});
  }
  if (found->abort_asked_at && aborting == FindAborting::no) {
    return fail(
        Error{.message = fmt::format("package {} was aborted, and that is not at its end", load_id),
              .hint = "outfall resume brings it there; where it is for a function, the program that has that one, and "
                      "where that is gone outfall package drop",
              .blame = Blame::usage});
  }
  return std::move(*found);
}

}  // namespace outfall::pipeline
