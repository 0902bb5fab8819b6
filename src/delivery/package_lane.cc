// SPDX-License-Identifier: Apache-2.0
#include "delivery/package_lane.h"

#include <fmt/format.h>

#include <utility>

#include "base/counts.h"
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

}  // namespace

PackageLane::PackageLane(Destination& destination, const LoadRequest& request, Env& env,
                         const std::function<void(const Error&)>& attempt_failed)
    : destination_(destination),
      request_(request),
      attempt_failed_(attempt_failed),
      attempts_(destination.retry(), env, destination.records_loads()) {
  request_.part_committed = [this, told = request.part_committed] {
    is_partly_there_ = true;
    if (told) told();
  };
}

std::string PackageLane::awaited() const {
  return fmt::format("to load the package again{}", error_ ? ": " + error_->message : "");
}

Result<Turn> PackageLane::advance(std::unique_ptr<Writer>&) {
  const Outcome outcome =
      attempts_.make([this] { return open(); }, [this] { return find_load(); }, [this] { return load(); });
  if (outcome.kind == Outcome::Kind::delivered) return Turn{.step = Step::done};
  if (request_.stop.stop_requested()) return Turn{.step = Step::stopped};
  if (attempt_failed_) attempt_failed_(*error_);
  request_.check = package::JobCheck::bytes;  // what was in memory a moment ago may be read from the disk now
  if (error_->remedy == Remedy::abandon) return Turn{.step = Step::stopped};
  if (const auto wait = attempts_.wait_after(outcome, storm_)) return Turn{.step = Step::waiting, .wait = *wait};
  error_ = std::move(*error_).in("failed " + counted(attempts_.count(), "time"));
  return Turn{.step = Step::stopped};
}

Result<LoadSummary> PackageLane::result() {
  if (done_) return *std::move(done_);
  if (request_.stop.stop_requested() || !error_) return fail(interrupted());
  return fail(*std::move(error_));
}

Outcome PackageLane::open() {
  Status opened = destination_.open();
  return opened ? Outcome::delivered() : failed(std::move(opened.error()));
}

std::optional<Outcome> PackageLane::find_load() {
  const Result<bool> there = destination_.has_load(request_.package.dataset, request_.package.load_id);
  if (!there) {
    failed(there.error());
    return Outcome::unknown(there.error().message);
  }
  is_asked_ = true;
  if (!*there) return Outcome::retry("");
  done_ = summary_of_jobs(request_.package);
  return Outcome::delivered();
}

/// Only what is there when it is read back is delivered, whatever the commit was answered.
Outcome PackageLane::load() {
  Result<LoadSummary> loaded = destination_.load(request_);
  if (!destination_.records_loads()) {
    if (!loaded) return failed(std::move(loaded.error()));
    done_ = std::move(*loaded);
    return Outcome::delivered();
  }
  if (!loaded && loaded.error().remedy != Remedy::resolve) return failed(std::move(loaded.error()));
  fault_point(Fault::after_load_commit);
  if (!loaded) {
    if (Outcome opened = open(); opened.kind != Outcome::Kind::delivered) return Outcome::unknown(opened.reason);
  }
  Outcome known = *find_load();
  if (known.kind == Outcome::Kind::unknown) return known;
  if (known.kind == Outcome::Kind::delivered) {
    if (loaded) done_ = std::move(*loaded);
    return known;
  }
  if (loaded) {
    return failed(
        {.message = fmt::format("commit load {}: it was answered with success, but the destination does not have it",
                                request_.package.load_id),
         .hint = "",
         .remedy = Remedy::retry});
  }
  loaded.error().remedy = Remedy::retry;  // the answer was an error and the load is not there: nothing happened
  return failed(std::move(loaded.error()));
}

/// Nothing is visible.
Outcome PackageLane::failed(Error error) {
  error_ = std::move(error);
  const bool may_help = error_->remedy != Remedy::abandon;
  return {.kind = may_help ? Outcome::Kind::retry : Outcome::Kind::fatal, .reason = error_->message};
}

Error PackageLane::interrupted() const {
  Error stopped{.message = "", .hint = "", .blame = Blame::interrupted};
  if (!is_asked_) {
    stopped.message = "stopped before the destination was asked for it";
  } else if (is_partly_there_) {
    stopped.message = "stopped; a part of it is committed";
    stopped.hint = "outfall resume loads the rest";
  } else if (!attempts_.may_be_there()) {
    stopped.message = "stopped; nothing of it is at the destination yet";
  } else {
    stopped.message = "stopped behind a commit whose answer was lost; whether it is at the destination is not known";
    stopped.hint = "outfall resume asks the destination, and loads it only if it is not there";
  }
  return stopped;
}

}  // namespace outfall::delivery
