// SPDX-License-Identifier: Apache-2.0
#include "pipeline/abort.h"

#include <fmt/format.h>

#include <algorithm>

#include "delivery/letter_keys.h"
#include "pipeline/drop.h"
#include "pipeline/held_command.h"
#include "pipeline/package_jobs.h"
#include "schema/schema.h"

namespace outfall::pipeline {
namespace {

/// Somebody asked for it, and nobody brought it to its end.
Result<std::optional<ledger::PackageRecord>> find_begun(ledger::Ledger& ledger, const std::string& load_id) {
  Result<std::vector<ledger::PackageRecord>> pending = ledger.pending();
  if (!pending) return fail(std::move(pending.error()));
  const auto found = std::ranges::find(*pending, load_id, &ledger::PackageRecord::load_id);
  if (found == pending->end() || !found->abort_asked_at) return std::nullopt;
  return std::move(*found);
}

Status overtake_letters(HeldPipeline& held, const ledger::PackageRecord& package) {
  const Result<schema::Schema> schema = schema::Schema::parse(package.schema);
  if (!schema) return fail(Error(schema.error()).in("read the schema of package " + package.load_id));
  return delivery::overtake_over_files(held.ledger, package, *schema, held.paths.package(package.load_id));
}

Error not_yet_told(const ledger::PackageRecord& package) {
  return {.message =
              fmt::format("stopped before {} was told that load {} is aborted", package.destination, package.load_id),
          .hint = "the load stays given up: the next run or resume, or the same command, tells it",
          .blame = Blame::interrupted};
}

Status finish_if_it_is_here(HeldPipeline& held, const ledger::PackageRecord& package,
                            delivery::Destination* destination, const std::stop_token& stop,
                            std::vector<std::string>& notes) {
  if (destination != nullptr) return finish_abort(held, package, *destination, stop, notes);
  notes.push_back(
      fmt::format("{} is a function of another program, which aborts load {} at its next run or resume "
                  "(Pipeline::resume)",
                  package.destination, package.load_id));
  return {};
}

}  // namespace

Status abort_package(HeldPipeline& held, const std::string& run_id, const std::string& load_id,
                     delivery::Destination* destination, const std::stop_token& stop, std::vector<std::string>& notes) {
  const Result<std::optional<ledger::PackageRecord>> begun = find_begun(held.ledger, load_id);
  if (!begun) return fail(begun.error());
  if (*begun) return finish_if_it_is_here(held, **begun, destination, stop, notes);
  const Result<ledger::PackageRecord> package = find_pending(held.ledger, load_id, "aborted");
  if (!package) return fail(package.error());
  if (Status absent = check_not_there(destination, *package, "nothing was aborted"); !absent) return absent;
  if (Status asked = held.ledger.ask_abort(load_id, run_id); !asked) return asked;
  return finish_if_it_is_here(held, *package, destination, stop, notes);
}

Status finish_abort(HeldPipeline& held, const ledger::PackageRecord& package, delivery::Destination& destination,
                    const std::stop_token& stop, std::vector<std::string>& notes) {
  const Result<DocumentCounts> counts = document_counts(package);
  if (!counts) return fail(counts.error());
  if (stop.stop_requested()) return fail(not_yet_told(package));
  const delivery::LoadKey key{.dataset = package.dataset, .load_id = package.load_id};
  if (const Status told = destination.abort_load(key, stop); !told) {
    if (stop.stop_requested()) return fail(not_yet_told(package));
    notes.push_back(fmt::format("{} could not be told that load {} is aborted: {}", package.destination,
                                package.load_id, told.error().message));
  }
  // The attempt that delivered some of it may have died before it looked.
  if (Status looked = overtake_letters(held, package); !looked) return looked;
  if (Status ended = held.ledger.end_abort(package.load_id, counts->delivered); !ended) return ended;
  return ledger::remove_package_files(held.paths, package.load_id);
}

}  // namespace outfall::pipeline
