// SPDX-License-Identifier: Apache-2.0
//
// Attempts, questions and waits around Destination::load.
#include "delivery/deliver.h"

#include <fmt/format.h>

#include <utility>

#include "base/fault.h"

namespace outfall::delivery {

namespace {

/// What is known without having done it: the jobs.
LoadSummary summary_of_jobs(const ledger::PackageRecord& package) {
  LoadSummary out{.tables = {}, .rows = 0, .found_loaded = true};
  for (const ledger::JobRecord& job : package.jobs) {
    if (out.tables.empty() || out.tables.back().table != job.table) out.tables.push_back({.table = job.table});
    out.tables.back().rows += job.rows;
    out.rows += job.rows;
  }
  return out;
}

/// What is known of a load at the destination.
enum class Known { not_asked, not_there, unknown };

/// One attempt: look, load, look again.
Result<LoadSummary> attempt(Destination& destination, const LoadRequest& request, Known& known) {
  const ledger::PackageRecord& package = request.package;
  if (Status opened = destination.open(); !opened) return fail(std::move(opened.error()));
  if (!destination.records_loads()) return destination.load(request);

  Result<bool> there = destination.has_load(package.dataset, package.load_id);
  if (!there) return fail(std::move(there.error()));
  if (*there) return summary_of_jobs(package);
  known = Known::not_there;

  Result<LoadSummary> loaded = destination.load(request);
  if (!loaded && loaded.error().remedy != Remedy::resolve) return loaded;
  fault_point(Fault::after_load_commit);
  known = Known::unknown;  // until the destination has been asked
  if (!loaded) {
    if (Status opened = destination.open(); !opened) return fail(std::move(opened.error()));
  }
  there = destination.has_load(package.dataset, package.load_id);
  if (!there) return fail(std::move(there.error()));
  if (*there) return loaded ? std::move(loaded) : summary_of_jobs(package);
  known = Known::not_there;
  if (!loaded) {
    // The answer was an error and the load is not there: nothing happened.
    loaded.error().remedy = Remedy::retry;
    return loaded;
  }
  return fail(
      Error{.message = fmt::format("commit load {}: it was answered with success, but the load is not in _dlt_loads",
                                   package.load_id),
            .hint = "",
            .remedy = Remedy::retry});
}

Error interrupted(Known known) {
  switch (known) {
    case Known::not_asked:
      return {.message = "stopped before the destination was asked for it", .hint = "", .blame = Blame::interrupted};
    case Known::not_there:
      return {.message = "stopped; nothing of it is at the destination yet", .hint = "", .blame = Blame::interrupted};
    case Known::unknown:
      break;
  }
  return {.message = "stopped behind a commit whose answer was lost; whether it is at the destination is not known",
          .hint = "outfall resume asks the destination, and loads it only if it is not there",
          .blame = Blame::interrupted};
}

}  // namespace

Result<LoadSummary> deliver(Destination& destination, const LoadRequest& request, const DeliverOptions& options) {
  Retry retry(options.retry, options.env);
  Known known = Known::not_asked;
  LoadRequest this_time = request;
  while (true) {
    if (request.stop.stop_requested()) return fail(interrupted(known));
    Result<LoadSummary> done = attempt(destination, this_time, known);
    if (done) return done;
    if (request.stop.stop_requested()) return fail(interrupted(known));
    if (options.attempt_failed) options.attempt_failed(done.error());
    if (done.error().remedy == Remedy::abandon) return done;
    std::optional<std::chrono::nanoseconds> wait = retry.next_wait();
    if (!wait) {
      return fail(std::move(done.error()).in(fmt::format("failed {} times", retry.attempts())));
    }
    options.sleep(*wait, request.stop);
    this_time.check = package::JobCheck::bytes;  // what was in memory a moment ago may be read from the disk now
  }
}

}  // namespace outfall::delivery
