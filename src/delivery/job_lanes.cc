// SPDX-License-Identifier: Apache-2.0
#include "delivery/job_lanes.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/counts.h"
#include "base/wait.h"
#include "delivery/job_lane.h"
#include "delivery/lane_log.h"
#include "delivery/lane_schedule.h"
#include "ledger/lane_intent.h"

namespace outfall::delivery {
namespace {

using ledger::LaneRecord;
using ledger::LaneState;

class JobLanes {
 public:
  JobLanes(const LoadRequest& request, const Intake& intake, Env& env)
      : request_(request),
        intake_(intake),
        env_(env),
        log_(request.lanes->ledger, request.package.load_id, request.lanes->run_id,
             {.settled = [this](std::uint64_t rows) { tell_progress(rows); },
              .place_letter = request.lanes->place_letter,
              .remembered =
                  [this](const ledger::StateChanges& changes) {
                    if (request_.lanes->board != nullptr) request_.lanes->board->apply(changes);
                  }}),
        load_{.request = request, .intake = intake, .env = env, .log = log_} {}

  Result<LoadSummary> run() {
    if (Status made = make_lanes(); !made) return fail(std::move(made.error()));
    std::vector<Lane*> lanes;
    lanes.reserve(lanes_.size());
    for (JobLane& lane : lanes_) lanes.push_back(&lane);
    LaneSchedule schedule(
        lanes,
        {.workers = intake_.options.workers, .parallelism = intake_.options.parallelism, .waiting = request_.waiting},
        request_.stop, env_);
    std::unique_ptr<Writer> writer;  // of this thread
    if (Status worked = schedule.run(writer); !worked) {
      if (Status known = fall_back(); !known) return fail(std::move(worked.error()));
      broken_ = std::move(worked.error());
    } else if (Status looked =
                   overtake_over_files(request_.lanes->ledger, request_.package, request_.schema, request_.folder);
               !looked) {
      return fail(std::move(looked.error()));
    } else if (are_all_done() && !request_.stop.stop_requested()) {
      tell_end(writer);
    }
    return summary();
  }

 private:
  /// By the place of the job in the package.
  Result<std::map<std::int64_t, LaneRecord>> durable() const {
    const auto known = request_.lanes->ledger.lanes(request_.package.load_id);
    if (!known) return fail(known.error());
    std::map<std::int64_t, LaneRecord> records;
    for (const LaneRecord& record : *known) records.emplace(record.position, record);
    return records;
  }

  Status make_lanes() {
    const auto records = durable();
    if (!records) return fail(records.error());
    std::map<std::string_view, std::uint64_t> firsts;
    for (std::size_t i = 0; i < request_.package.jobs.size(); ++i) {
      const ledger::JobRecord& job = request_.package.jobs[i];
      const auto position = static_cast<std::int64_t>(i);
      const auto record = records->find(position);
      // What was begun is brought to its end, whatever is asked for by now.
      if (schema::is_system_name(job.table) && intake_.options.skips_dlt && record == records->end()) continue;
      const schema::Table* table = request_.schema.tables.find(job.table);
      if (table == nullptr)
        return fail(fmt::format("the schema has no table {}, and {} has rows of it", job.table, job.file));
      lanes_.emplace_back(load_, job, *table, firsts[job.table],
                          record == records->end() ? LaneRecord{.position = position} : record->second);
      firsts[job.table] += job.rows;
      settled_rows_ += lanes_.back().record().settled;
    }
    if (Status known = load_.letters.begin(request_.lanes->ledger, request_.schema, request_.package); !known)
      return known;
    before_ = counts();
    load_.rejections.begin(*request_.lanes, before_.rejected);
    return {};
  }

  /// It could not be recorded how far the lanes are: only what was recorded before counts.
  Status fall_back() {
    const auto records = durable();
    if (!records) return fail(records.error());
    for (JobLane& lane : lanes_) {
      const auto record = records->find(lane.record().position);
      lane.fall_back_to(record == records->end() ? LaneRecord{.position = lane.record().position} : record->second);
    }
    return {};
  }

  /// All rows are settled: the destination may do what it does with whole tables and whole loads.
  void tell_end(std::unique_ptr<Writer>& writer) {
    std::vector<const schema::Table*> tables;
    for (const std::string& name : request_.package.replaced) {
      if (const schema::Table* table = request_.schema.tables.find(name)) tables.push_back(table);
    }
    for (const JobLane& lane : lanes_) {
      if (std::ranges::find(tables, &lane.schema()) == tables.end()) tables.push_back(&lane.schema());
    }
    for (const schema::Table* table : tables) {
      const bool has_rows = std::ranges::any_of(lanes_, [&](const JobLane& lane) { return &lane.schema() == table; });
      if (!has_rows &&
          !tell(writer, {.kind = Event::Kind::begin_table, .load_id = request_.package.load_id, .table = table}))
        return;
      if (!tell(writer, {.kind = Event::Kind::end_table, .load_id = request_.package.load_id, .table = table})) return;
    }
    is_told_ = tell(writer, {.kind = Event::Kind::complete_load, .load_id = request_.package.load_id});
  }

  /// As often as a batch is sent. False: it could not be told, or the run was asked to stop.
  bool tell(std::unique_ptr<Writer>& writer, Event event) {
    Attempts attempts(intake_.options.retry, env_, false);
    event.stop = request_.stop;
    while (true) {
      const Outcome outcome = attempts.make([&] { return have_writer(writer, intake_.make_writer); },
                                            [] { return std::nullopt; }, [&] { return writer->tell(event); });
      const bool is_stuck = writer != nullptr && writer->is_stuck();
      if (is_stuck) writer.reset();
      if (outcome.kind == Outcome::Kind::delivered) return true;
      const bool may_help = outcome.kind == Outcome::Kind::retry || outcome.kind == Outcome::Kind::unknown;
      const auto wait = may_help && !is_stuck ? attempts.wait_after(outcome, load_.storm) : std::nullopt;
      const std::string what = told_by(event);
      if (wait && request_.waiting)
        request_.waiting(
            fmt::format("{:.1f} s to {}: {}", std::chrono::duration<double>(*wait).count(), what, outcome.reason));
      if (!wait || !wait_unless_stopped(*wait, request_.stop)) {
        untold_ = error_of(outcome, may_help ? Remedy::retry : Remedy::abandon).in(what);
        return false;
      }
    }
  }

  /// What an event tells. That the load begins is told with its first one, where it has no rows.
  std::string told_by(const Event& event) const {
    if (event.kind == Event::Kind::begin_table) return fmt::format("tell the beginning of {}", event.table->name);
    if (event.table != nullptr) return fmt::format("tell the end of {}", event.table->name);
    return lanes_.empty() ? "tell of the load, which has no rows" : "tell the end of the load";
  }

  void tell_progress(std::uint64_t rows) {
    settled_rows_ += rows;
    if (request_.progress) request_.progress(settled_rows_);
  }

  LoadSummary summary() {
    LoadSummary out;
    LanesSummary lanes;
    for (const JobLane& lane : lanes_) {
      const LaneRecord& record = lane.record();
      auto entry = std::ranges::find(out.tables, lane.table(), &TableLoad::table);
      if (entry == out.tables.end()) entry = out.tables.insert(entry, TableLoad{.table = lane.table()});
      const std::uint64_t delivered = ledger::delivered_rows(record);
      entry->rows += delivered;
      out.rows += delivered;
      add(lane.unknown(), lanes.unknown);
      add(lane.repeated(), lanes.repeated);
      lanes.not_numbers += lane.not_numbers();
    }
    lanes.before = before_;
    lanes.now = counts();
    lanes.is_given_up = !broken_ && !are_all_done() && std::ranges::all_of(lanes_, [this](const JobLane& lane) {
      return lane.record().state != LaneState::open || is_behind_failed(lane);
    });
    lanes.refused = load_.rejections.take();
    lanes.error = broken_ ? broken_ : untold_ ? untold_ : first_error();
    lanes.is_told = is_told_;
    out.lanes = std::move(lanes);
    return out;
  }

  static void add(const FailedAttempts& of_lane, FailedAttempts& sum) {
    sum.count += of_lane.count;
    if (!of_lane.last.empty()) sum.last = of_lane.last;
  }

  bool are_all_done() const {
    return std::ranges::all_of(lanes_, [](const JobLane& lane) { return lane.record().state == LaneState::done; });
  }

  /// It waits for one of its table that was given up, and with it for a person.
  bool is_behind_failed(const JobLane& lane) const {
    if (intake_.options.parallelism == Parallelism::parallel) return false;
    return std::ranges::any_of(lanes_, [&](const JobLane& before) {
      return before.record().state == LaneState::failed && before.table() == lane.table() &&
             before.record().position < lane.record().position;
    });
  }

  LaneCounts counts() const {
    LaneCounts counts;
    for (const JobLane& lane : lanes_) {
      if (!lane.is_of_documents()) continue;
      counts.delivered += ledger::delivered_rows(lane.record());
      counts.rejected += lane.record().rejected;
      counts.open += ledger::open_rows(lane.record(), lane.job().rows);
    }
    return counts;
  }

  std::optional<Error> first_error() const {
    for (const JobLane& lane : lanes_) {
      const LaneRecord& record = lane.record();
      if (record.state == LaneState::done) continue;
      const std::string where =
          fmt::format("deliver {} of {}", counted(ledger::open_rows(record, lane.job().rows), "row"), lane.table());
      if (lane.error()) return Error(*lane.error()).in(where);
      if (record.state == LaneState::failed) {
        return Error{.message = fmt::format("{}: given up by an earlier run: {}", where, record.last_error),
                     .hint = given_up_hint(request_.package.load_id)};
      }
    }
    if (request_.stop.stop_requested()) {
      return Error{.message = "stopped", .hint = "", .blame = Blame::interrupted};
    }
    return std::nullopt;
  }

  const LoadRequest& request_;
  const Intake& intake_;
  Env& env_;
  LaneLog log_;
  LoadOfLanes load_;
  std::deque<JobLane> lanes_;
  LaneCounts before_{};
  std::uint64_t settled_rows_ = 0;
  bool is_told_ = false;         ///< all that was to be told at the end
  std::optional<Error> broken_;  ///< why it could not be recorded how far they are
  std::optional<Error> untold_;  ///< why the end could not be told
};

}  // namespace

Result<LoadSummary> deliver_in_batches(const LoadRequest& request, const Intake& intake, Env& env) {
  return JobLanes(request, intake, env).run();
}

}  // namespace outfall::delivery
