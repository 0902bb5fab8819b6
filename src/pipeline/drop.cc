// SPDX-License-Identifier: Apache-2.0
#include "pipeline/drop.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/counts.h"
#include "outfall/report.h"
#include "pipeline/unrecognized_input.h"

namespace outfall::pipeline {
namespace {

constexpr std::size_t run_id_bytes = 8;

Result<ledger::PackageRecord> find_pending(ledger::Ledger& ledger, const std::string& load_id) {
  Result<std::vector<ledger::PackageRecord>> pending = ledger.pending();
  if (!pending) return fail(std::move(pending.error()));
  const auto found = std::ranges::find(*pending, load_id, &ledger::PackageRecord::load_id);
  if (found != pending->end()) return std::move(*found);
  return fail(Error{.message = fmt::format("package {} is not pending", load_id),
                    .hint = "only what waits for its destination can be dropped",
                    .blame = Blame::usage});
}

/// A crash between the destination's commit and our record of it leaves a package pending that is there.
Status check_not_there(delivery::Destination& destination, const ledger::PackageRecord& package) {
  Result<bool> there = destination.has_load(package.dataset, package.load_id);
  if (!there) {
    return fail(std::move(there.error())
                    .in(fmt::format("nothing was dropped: {} could not be asked whether it has load {}",
                                    package.destination, package.load_id)));
  }
  if (!*there) return {};
  return fail(fmt::format("nothing was dropped: load {} is at {} already", package.load_id, package.destination),
              "outfall resume records that; then nothing of it is pending");
}

/// Inputs may have been taken again behind a replacement, because it was to remove what they had brought.
Status note_on_replacement(ledger::Ledger& ledger, const ledger::PackageRecord& dropped,
                           std::vector<std::string>& notes) {
  if (dropped.replaced.empty()) return {};
  const auto pending = ledger.pending();
  if (!pending) return fail(pending.error());
  const auto behind = static_cast<std::uint64_t>(std::ranges::count_if(
      *pending, [&](const ledger::PackageRecord& package) { return package.load_id > dropped.load_id; }));
  if (behind == 0) return {};
  notes.push_back(
      fmt::format("it was to replace {}, and {} {} behind it: rows that it would have removed may come twice",
                  fmt::join(dropped.replaced, ", "), counted(behind, "package"), behind == 1 ? "waits" : "wait"));
  return {};
}

Status drop_held(HeldPipeline& held, const DropRequest& request, std::vector<std::string>& notes) {
  const Result<ledger::PackageRecord> package = find_pending(held.ledger, request.load_id);
  if (!package) return fail(package.error());
  if (Status absent = check_not_there(request.destination, *package); !absent) return absent;
  if (Status dropped = held.ledger.drop(request.load_id); !dropped) return dropped;
  if (Status noted = note_on_replacement(held.ledger, *package, notes); !noted) return noted;
  return ledger::remove_package_files(held.paths, request.load_id);
}

}  // namespace

Result<std::vector<std::string>> drop_package(const DropRequest& request) {
  Report report;
  report.run_id = random_hex(request.env, run_id_bytes);
  report.pipeline = request.binding.name;
  report.dataset = request.binding.dataset;
  report.destination = request.binding.destination;
  report.data_dir = request.data_dir;
  ledger::Binding binding = request.binding;
  binding.meaning = request.destination.meaning();
  Result<HeldPipeline> held = hold({.key = request.key,
                                    .data_dir = request.data_dir,
                                    .binding = binding,
                                    .lock_wait = request.lock_wait,
                                    .run_id = report.run_id,
                                    .command = "package drop " + request.load_id},
                                   request.env);
  if (!held) return fail(std::move(held.error()));
  report.notes = notes_on_unended(held->unended, ledger::RunInput::none);

  const Status dropped = drop_held(*held, request, report.notes);
  if (dropped) {
    report.ending = Ending::delivered;
  } else {
    report.error = dropped.error();
    report.ending = ending_of(dropped.error());
  }
  const Status ended = held->ledger.end_run(
      {.run_id = report.run_id, .ending = static_cast<int>(report.ending), .trace = to_json(report)});
  if (!dropped) return fail(dropped.error());
  if (!ended) return fail(ended.error());
  return std::move(report.notes);
}

}  // namespace outfall::pipeline
