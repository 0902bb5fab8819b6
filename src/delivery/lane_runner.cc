// SPDX-License-Identifier: Apache-2.0
#include "delivery/lane_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "base/counts.h"
#include "base/fault.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/wait.h"
#include "delivery/job_rows.h"
#include "delivery/lane_intent.h"
#include "delivery/lane_log.h"

namespace outfall::delivery {
namespace {

using ledger::LaneRecord;
using ledger::LaneState;

/// Rejected rows that a summary repeats.
constexpr std::size_t refused_told_max = 10;
/// So long after a batch was answered it is durable that it was, where marks are grouped.
constexpr std::chrono::milliseconds mark_interval{10};
/// What may be sent between two such marks.
constexpr std::uint64_t batches_between_marks = 4096;
constexpr std::uint64_t rows_between_marks = 65'536;
/// So many equal failures in a row, of any lanes, and whoever fails next waits as long as it may.
constexpr int storm_failures = 10;

/// The destination's answers to one cut, and to the halves of it where it was rejected as a whole.
struct Sending {
  std::vector<std::uint64_t> ends{};  ///< where the batch in hand ends is last; what is left of the cut ends before it
  std::uint64_t attempts = 0;         ///< of the batch in hand, in this run
  bool is_open = false;               ///< it may have been sent, and nobody knows what became of it
  std::optional<RateLimit::Clock::time_point> due{};  ///< when the limit lets it be sent
  std::optional<Retry> retry{};
};

/// What a lane does next.
enum class Step {
  ready,
  running,
  waiting,  ///< until it is due
  done,     ///< all its rows are settled
  stopped,  ///< for this run
};

struct Turn {
  Step step = Step::ready;
  std::chrono::nanoseconds wait{};  ///< of waiting
};

struct Lane {
  const ledger::JobRecord& job;
  const schema::Table& table;
  bool is_root = true;
  std::uint64_t first = 0;  ///< of its rows among those of the table in the package

  // Under the mutex of all.
  Step step = Step::ready;
  std::chrono::steady_clock::time_point due{};

  // Of the thread that has the lane in hand.
  LaneRecord record{};
  std::optional<Error> error{};  ///< why it was stopped
  std::shared_ptr<JobRows> rows{};
  Sending sending{};
  std::uint64_t open_to = 0;  ///< rows before this one may have been sent by an earlier process
  RateLimit::Clock::time_point marked_at{};
  std::uint64_t unmarked = 0;  ///< rows that were settled since

  bool is_over() const { return step == Step::done || step == Step::stopped; }
};

Error error_of(const Outcome& outcome, Remedy remedy) {
  return {.message = outcome.reason, .hint = outcome.hint, .remedy = remedy};
}

/// All lanes of a package, and who works on which.
class Lanes {
 public:
  Lanes(const LoadRequest& request, const LaneOptions& options, const MakeWriter& make_writer, Env& env)
      : request_(request),
        options_(options),
        make_writer_(make_writer),
        env_(env),
        log_(request.lanes->ledger, request.package.load_id, request.lanes->run_id,
             {.settled = [this](std::uint64_t rows) { tell_progress(rows); },
              .place_letter = request.lanes->place_letter}),
        batch_size_(request.lanes->replayed_key ? 1 : options.batch_size) {}

  Result<LoadSummary> run() {
    if (Status made = make_lanes(); !made) return fail(std::move(made.error()));
    const auto open =
        static_cast<std::size_t>(std::ranges::count_if(lanes_, [](const Lane& lane) { return !lane.is_over(); }));
    const std::size_t workers = options_.parallelism == Parallelism::sequential
                                    ? 1
                                    : std::min(static_cast<std::size_t>(std::max(options_.workers, 1)), open);
    std::unique_ptr<Writer> writer;  // of this thread
    {
      const std::stop_callback wake(request_.stop, [this] {
        const std::lock_guard lock(mutex_);
        changed_.notify_all();
      });
      std::vector<std::jthread> helpers;
      for (std::size_t i = 1; i < workers; ++i) {
        try {
          helpers.emplace_back([this] {
            std::unique_ptr<Writer> own;
            work(own);
          });
        } catch (const std::system_error&) {
          break;  // no more threads are to be had: those that there are do it all
        }
      }
      if (open > 0) work(writer);
    }
    if (broken_) return fail(*broken_);
    if (are_all_done() && !request_.stop.stop_requested()) tell_end(writer);
    return summary();
  }

 private:
  Status make_lanes() {
    const auto known = request_.lanes->ledger.lanes(request_.package.load_id);
    if (!known) return fail(known.error());
    std::map<std::int64_t, LaneRecord> records;
    for (const LaneRecord& record : *known) records.emplace(record.position, record);
    std::map<std::string_view, std::uint64_t> firsts;
    for (std::size_t i = 0; i < request_.package.jobs.size(); ++i) {
      const ledger::JobRecord& job = request_.package.jobs[i];
      const bool is_system = schema::is_system_name(job.table);
      if (is_system && options_.skips_dlt) continue;
      const schema::Table* table = request_.schema.tables.find(job.table);
      if (table == nullptr)
        return fail(fmt::format("the schema has no table {}, and {} has rows of it", job.table, job.file));
      const auto position = static_cast<std::int64_t>(i);
      const auto record = records.find(position);
      lanes_.push_back(
          {.job = job, .table = *table, .is_root = table->parent.empty() && !is_system, .first = firsts[job.table]});
      firsts[job.table] += job.rows;
      Lane& lane = lanes_.back();
      lane.record = record == records.end() ? LaneRecord{.position = position} : record->second;
      lane.open_to = lane.record.sent_to;
      rejected_ += lane.is_root ? lane.record.rejected : 0;
      settled_rows_ += lane.record.settled;
      unknown_before_ += lane.record.unknown;
      if (lane.record.state == LaneState::done) lane.step = Step::done;
      if (lane.record.state == LaneState::failed) lane.step = Step::stopped;
    }
    before_ = counts();
    return {};
  }

  // --- Who works on what ---

  void work(std::unique_ptr<Writer>& writer) {
    while (Lane* lane = take()) {
      Turn turn;
      while (turn.step == Step::ready && !request_.stop.stop_requested()) {
        Result<Turn> next = advance(*lane, writer);
        if (!next) return break_off(std::move(next.error()));
        turn = *next;
      }
      if (Status marked = mark(*lane); !marked) return break_off(std::move(marked.error()));
      give_back(*lane, turn);
    }
  }

  /// The next lane that can be worked on. Null: there is none any more.
  Lane* take() {
    std::unique_lock lock(mutex_);
    while (true) {
      if (broken_ || request_.stop.stop_requested()) return nullptr;
      const auto now = std::chrono::steady_clock::now();
      std::optional<std::chrono::steady_clock::time_point> earliest;
      bool are_all_over = true;
      for (Lane& lane : lanes_) {
        if (lane.step == Step::waiting && lane.due <= now) lane.step = Step::ready;
        if (lane.step == Step::waiting) earliest = earliest ? std::min(*earliest, lane.due) : lane.due;
        if (lane.step == Step::ready && may_begin(lane)) {
          lane.step = Step::running;
          return &lane;
        }
        are_all_over = are_all_over && lane.is_over();
      }
      if (are_all_over) return nullptr;
      if (earliest)
        changed_.wait_until(lock, *earliest);
      else
        changed_.wait(lock);
    }
  }

  /// Whether those that go before it have come to their ends. Behind one that was stopped, those of its table stop.
  bool may_begin(Lane& lane) const {
    if (options_.parallelism == Parallelism::parallel) return true;
    for (const Lane& before : lanes_) {
      if (&before == &lane) break;
      if (before.step == Step::done) continue;
      const bool is_of_table = before.job.table == lane.job.table;
      if (before.step == Step::stopped && is_of_table) lane.step = Step::stopped;
      if (before.step == Step::stopped && !is_of_table) continue;
      if (is_of_table || options_.parallelism == Parallelism::sequential) return false;
    }
    return true;
  }

  void give_back(Lane& lane, const Turn& turn) {
    const std::lock_guard lock(mutex_);
    lane.step = turn.step;
    if (turn.step == Step::waiting) {
      lane.due =
          std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(turn.wait);
    }
    changed_.notify_all();
  }

  void break_off(Error error) {
    const std::lock_guard lock(mutex_);
    if (!broken_) broken_ = std::move(error);
    changed_.notify_all();
  }

  // --- One batch ---

  /// Sends the next batch and takes the answer. Errors: it cannot be known or recorded how far the lane is.
  Result<Turn> advance(Lane& lane, std::unique_ptr<Writer>& writer) {
    if (lane.record.settled == lane.job.rows) return finish(lane, {.lane = lane.record}, 0);
    if (Status opened = open_rows(lane); !opened) {
      lane.error = std::move(opened.error());  // of this job file; the others go on
      return Turn{.step = Step::stopped};
    }
    if (const std::optional<std::chrono::nanoseconds> wait = wait_for_rate(lane))
      return Turn{.step = Step::waiting, .wait = *wait};
    if (Status intended = intend(lane); !intended) return fail(std::move(intended.error()));
    const Outcome outcome = send(lane, writer);
    if (writer != nullptr && writer->is_stuck()) {
      writer.reset();
      return leave_stuck(lane, outcome);
    }
    switch (outcome.kind) {
      case Outcome::Kind::delivered:
        return settle(lane, {.lane = lane.record});
      case Outcome::Kind::rejected:
        return outcome.rows.empty() ? divide(lane, outcome) : reject(lane, outcome.rows);
      case Outcome::Kind::retry:
      case Outcome::Kind::unknown:
        return wait_or_stop(lane, outcome);
      case Outcome::Kind::fatal:
        return give_up(lane, error_of(outcome, Remedy::abandon));
    }
    return Turn{};
  }

  Status open_rows(Lane& lane) const {
    if (lane.rows != nullptr) return {};
    Result<std::unique_ptr<JobRows>> rows =
        open_job_rows(request_.folder, lane.job, lane.table,
                      {.check = request_.check, .form = options_.rows, .skips_dlt = options_.skips_dlt});
    if (!rows) return fail(std::move(rows.error()));
    lane.rows = std::move(*rows);
    // A call that hangs may ask for keys when all this is gone.
    lane.rows->row_key = [pipeline = request_.lanes->pipeline, load_id = request_.package.load_id,
                          file = lane.job.file](std::uint64_t row) {
      return batch_key(pipeline, load_id, file, row, row + 1);
    };
    return {};
  }

  /// How long the limit has the next attempt wait. None: it has its time.
  std::optional<std::chrono::nanoseconds> wait_for_rate(Lane& lane) const {
    if (options_.rate == nullptr) return std::nullopt;
    const auto now = RateLimit::Clock::now();
    if (!lane.sending.due) lane.sending.due = options_.rate->reserve(now);
    return *lane.sending.due > now ? std::optional(*lane.sending.due - now) : std::nullopt;
  }

  /// The batch in hand ends here. One that was about to be sent before a crash is sent again as it was.
  Result<std::uint64_t> next_end(const Lane& lane) {
    const LaneRecord& record = lane.record;
    if (has_intent(record)) return intended_end(record);
    if (batch_size_ == 0) return lane.job.rows;
    const std::uint64_t end = std::min(record.settled + batch_size_, lane.job.rows);
    if (options_.batch_bytes == 0) return end;
    std::string text;
    for (std::uint64_t row = record.settled; row < end; ++row) {
      if (Status told = lane.rows->texts.append(row, row + 1, text); !told) return fail(std::move(told.error()));
      if (text.size() > options_.batch_bytes) return std::max(row, record.settled + 1);
    }
    return end;
  }

  bool is_by_file() const { return options_.batch_size == 0; }
  bool is_grouped() const { return options_.marks == MarkPolicy::grouped && options_.batch_bytes == 0; }

  Status take_batch(Lane& lane) {
    if (!lane.sending.ends.empty()) return {};
    const Result<std::uint64_t> end = next_end(lane);
    if (!end) return fail(end.error());
    lane.sending = {.ends = {*end}, .is_open = lane.record.settled < lane.open_to};
    return {};
  }

  /// The record says that the batch in hand is about to be sent; where marks are grouped, more of its size with it.
  /// False: it did.
  bool add_intent(const Lane& lane, LaneRecord& record) const {
    const std::uint64_t end = lane.sending.ends.back();
    if (has_intent(record)) {
      if (intended_end(record) == end) return false;
      record.part_to = end;
      return true;
    }
    const std::uint64_t cut = end - record.settled;
    const std::uint64_t batches = std::clamp<std::uint64_t>(rows_between_marks / cut, 1, batches_between_marks);
    intend_window(record, end, is_grouped() ? std::min(record.settled + batches * cut, lane.job.rows) : end);
    return true;
  }

  /// Sees to it that the batch in hand is known to be about to be sent.
  Status intend(Lane& lane) {
    if (Status taken = take_batch(lane); !taken) return taken;
    if (!add_intent(lane, lane.record)) return {};
    lane.marked_at = RateLimit::Clock::now();
    Status recorded = log_.record({.lane = lane.record}, std::exchange(lane.unmarked, 0));
    fault_point(Fault::batch_intended);
    return recorded;
  }

  Outcome have_writer(std::unique_ptr<Writer>& writer) const {
    if (writer != nullptr) return {};
    Result<std::unique_ptr<Writer>> made = make_writer_();
    if (!made) {
      const bool may_help = made.error().remedy != Remedy::abandon;
      return {.kind = may_help ? Outcome::Kind::retry : Outcome::Kind::fatal,
              .reason = made.error().message,
              .hint = made.error().hint};
    }
    writer = std::move(*made);
    return {};
  }

  Outcome send(Lane& lane, std::unique_ptr<Writer>& writer) {
    ++lane.sending.attempts;
    if (!lane.sending.retry) lane.sending.retry.emplace(options_.retry, env_);
    if (Outcome had = have_writer(writer); had.kind != Outcome::Kind::delivered) return had;
    lane.sending.due.reset();
    const LaneRecord& record = lane.record;
    const std::uint64_t last = lane.sending.ends.back();
    const std::string key = key_of(lane, record.settled, last);
    const Batch batch{.load_id = request_.package.load_id,
                      .table = lane.table,
                      .job_file = lane.job.file,
                      .folder = request_.folder,
                      .rows = lane.rows->texts,
                      .reader = lane.rows->reader,
                      .first = record.settled,
                      .last = last,
                      .index = batch_size_ == 0 ? 0 : record.settled / batch_size_,
                      .attempt = lane.sending.attempts,
                      .key = key,
                      .row_key = lane.rows->row_key,
                      .keeps = lane.rows,
                      .stop = request_.stop,
                      .is_file = is_by_file()};
    if (lane.sending.is_open) {
      // While it cannot say, it is not sent again. It was asked what became of the batch, not for another verdict.
      std::optional<Outcome> known = writer->resolve(batch);
      const bool is_verdict = known && (known->kind == Outcome::Kind::fatal ||
                                        (known->kind == Outcome::Kind::rejected && known->rows.empty()));
      if (is_verdict) known->kind = Outcome::Kind::unknown;
      if (known && known->kind != Outcome::Kind::retry) return checked(std::move(*known), last - record.settled);
    }
    Outcome outcome = writer->write(batch);
    fault_point(Fault::batch_answered);
    lane.sending.is_open = outcome.kind == Outcome::Kind::unknown;
    return checked(std::move(outcome), last - record.settled);
  }

  /// Rejected rows are put in order. Those that the batch does not have are nobody's: then nobody knows what became of
  /// the others.
  static Outcome checked(Outcome outcome, std::uint64_t rows) {
    std::ranges::stable_sort(outcome.rows, {}, &RejectedRow::row);
    const auto twice = std::ranges::unique(outcome.rows, {}, &RejectedRow::row);
    outcome.rows.erase(twice.begin(), twice.end());
    if (outcome.rows.empty() || outcome.rows.back().row < rows) return outcome;
    return Outcome::unknown(
        fmt::format("it rejects row {} of a batch of {}", outcome.rows.back().row, counted(rows, "row")));
  }

  std::string key_of(const Lane& lane, std::uint64_t first, std::uint64_t last) const {
    if (request_.lanes->replayed_key) {
      std::string key = request_.lanes->replayed_key(lane.job.table, lane.first + first);
      if (!key.empty()) return key;
    }
    return batch_key(request_.lanes->pipeline, request_.package.load_id, lane.job.file, first, last);
  }

  /// The rows of the batch in hand are delivered, or rejected as `update` says. The next batch is intended with it.
  Result<Turn> settle(Lane& lane, ledger::LaneUpdate update) {
    LaneRecord& record = update.lane;
    const std::uint64_t end = lane.sending.ends.back();
    const std::uint64_t rows = end - record.settled + std::exchange(lane.unmarked, 0);
    record.settled = end;
    record.rejected += update.rejected;
    record.last_error.clear();
    lane.sending = {.ends = std::move(lane.sending.ends)};
    lane.sending.ends.pop_back();
    end_storm();
    if (record.settled == lane.job.rows) return finish(lane, std::move(update), rows);
    lane.record = record;
    if (Status taken = take_batch(lane); !taken) return fail(std::move(taken.error()));
    const auto now = RateLimit::Clock::now();
    const bool is_new = add_intent(lane, record);
    const bool may_wait = is_grouped() && !is_new && update.rejected == 0 && now - lane.marked_at < mark_interval;
    lane.record = record;
    if (may_wait) {
      lane.unmarked = rows;
      return Turn{.step = Step::ready};
    }
    lane.marked_at = now;
    return recorded(std::move(update), rows, {.step = Step::ready});
  }

  Result<Turn> finish(Lane& lane, ledger::LaneUpdate update, std::uint64_t rows) {
    update.lane.state = LaneState::done;
    update.lane.sent_to = update.lane.settled;
    update.lane.cut = 0;
    update.lane.part_to = 0;
    lane.record = update.lane;
    lane.rows.reset();
    return recorded(std::move(update), rows, {.step = Step::done});
  }

  /// Of what was to be sent until the next mark, nothing was but the batch in hand.
  static void take_back_intent(Lane& lane) {
    LaneRecord& record = lane.record;
    if (record.settled < lane.open_to || lane.sending.ends.empty()) return;
    const std::uint64_t end = lane.sending.attempts > 0 ? lane.sending.ends.back() : record.settled;
    intend_window(record, end, end);
  }

  /// Nobody goes on with the lane at once: what it has come to is not left unsaid.
  Status mark(Lane& lane) {
    if (lane.unmarked == 0) return {};
    take_back_intent(lane);
    return log_.record({.lane = lane.record}, std::exchange(lane.unmarked, 0));
  }

  Result<Turn> recorded(ledger::LaneUpdate update, std::uint64_t rows, Turn next) {
    Status done = log_.record(std::move(update), rows);
    return done ? Result<Turn>(next) : fail(std::move(done.error()));
  }

  /// The batch was refused as a whole: halves of it, until the rows that are to blame stand alone.
  Result<Turn> divide(Lane& lane, const Outcome& outcome) {
    const std::uint64_t first = lane.record.settled;
    const std::uint64_t last = lane.sending.ends.back();
    if (last - first == 1) return reject(lane, {{.row = 0, .reason = outcome.reason}});
    lane.sending = {.ends = std::move(lane.sending.ends)};
    lane.sending.ends.push_back(first + (last - first) / 2);
    return Turn{};
  }

  Result<Turn> reject(Lane& lane, const std::vector<RejectedRow>& rows) {
    ledger::LaneUpdate update{
        .lane = lane.record, .rejected = rows.size(), .documents = lane.is_root ? rows.size() : 0};
    if (request_.lanes->on_reject == OnReject::fail) {
      lane.error = Error{.message = "a row is rejected, and --on-reject fail does not let one go", .hint = ""};
      return Turn{.step = Step::stopped};
    }
    if (lane.is_root) {
      const std::lock_guard lock(mutex_);
      rejected_ += rows.size();
      if (Status few = check_rejected(); !few) {
        rejected_ -= rows.size();
        lane.error = few.error();
        return Turn{.step = Step::stopped};
      }
    }
    for (const RejectedRow& row : rows) {
      if (Status kept = keep(lane, row, update.letters); !kept) return fail(std::move(kept.error()));
    }
    return settle(lane, std::move(update));
  }

  Status check_rejected() const {
    return request_.lanes->check_rejected ? request_.lanes->check_rejected(rejected_) : Status();
  }

  Status keep(Lane& lane, const RejectedRow& row, std::vector<ledger::Letter>& letters) {
    const std::uint64_t place = lane.record.settled + row.row;
    {
      const std::lock_guard lock(mutex_);
      if (refused_.size() < refused_told_max) {
        refused_.push_back({.table = lane.job.table, .row = lane.first + place, .reason = row.reason, .text = ""});
      }
    }
    if (request_.lanes->on_reject != OnReject::dead_letter) return {};
    std::string text;
    if (Status told = lane.rows->texts.append_as_kept(place, text); !told) return told;
    letters.push_back({.table = lane.job.table,
                       .input = fmt::format("package {}", request_.package.load_id),
                       .line = place + 1,
                       .reason = row.reason,
                       .hint = "",
                       .header = "",
                       .text = text,
                       .text_bytes = text.size(),
                       .rejected_at = env_.now_us(),
                       .job_file = lane.job.file,
                       .row = place,
                       .key = key_of(lane, place, place + 1),
                       .attempt = lane.sending.attempts});
    return {};
  }

  Result<Turn> wait_or_stop(Lane& lane, const Outcome& outcome) {
    LaneRecord& record = lane.record;
    ++record.attempts;
    if (outcome.kind == Outcome::Kind::unknown) ++record.unknown;
    record.last_error = outcome.reason;
    take_back_intent(lane);
    const Status recorded = log_.record({.lane = record}, std::exchange(lane.unmarked, 0));
    if (!recorded) return fail(recorded.error());
    const std::optional<std::chrono::nanoseconds> wait = lane.sending.retry->next_wait();
    if (!wait) {
      lane.error = error_of(outcome, Remedy::retry).in(fmt::format("failed {} times", lane.sending.attempts));
      return Turn{.step = Step::stopped};
    }
    const auto asked = std::min<std::chrono::nanoseconds>(outcome.after.value_or(std::chrono::nanoseconds(0)),
                                                          options_.retry.asked_max);
    const std::chrono::nanoseconds own = is_in_storm(outcome.reason) ? options_.retry.wait_max : *wait;
    return Turn{.step = Step::waiting, .wait = std::max(own, asked)};
  }

  /// Whether so many failed for this reason, one after the other, that sending more does no good to anybody.
  bool is_in_storm(const std::string& reason) {
    const std::lock_guard lock(mutex_);
    if (storm_reason_ != reason) storm_failures_ = 0;
    storm_reason_ = reason;
    return ++storm_failures_ > storm_failures;
  }

  void end_storm() {
    const std::lock_guard lock(mutex_);
    storm_failures_ = 0;
  }

  /// A call of it is still out, which may yet do what it was called for.
  Result<Turn> leave_stuck(Lane& lane, const Outcome& outcome) {
    LaneRecord& record = lane.record;
    ++record.attempts;
    if (outcome.kind == Outcome::Kind::unknown) ++record.unknown;
    record.last_error = outcome.reason;
    lane.error = error_of(outcome, Remedy::retry);
    lane.rows.reset();
    return recorded({.lane = record}, std::exchange(lane.unmarked, 0), {.step = Step::stopped});
  }

  /// It gets no further until a person has said so.
  Result<Turn> give_up(Lane& lane, Error error) {
    LaneRecord& record = lane.record;
    record.state = LaneState::failed;
    ++record.attempts;
    record.last_error = error.message;
    if (error.hint.empty()) error.hint = failed_hint();
    lane.error = std::move(error);
    return recorded({.lane = record}, std::exchange(lane.unmarked, 0), {.step = Step::stopped});
  }

  std::string failed_hint() const {
    return fmt::format(
        "outfall package retry {0} has it tried again by the next resume, outfall package skip {0} gives it "
        "up",
        request_.package.load_id);
  }

  // --- What is told ---

  /// All rows are settled: the destination may do what it does with whole tables and whole loads.
  void tell_end(std::unique_ptr<Writer>& writer) {
    std::vector<const schema::Table*> tables;
    for (const std::string& name : request_.package.replaced) {
      if (const schema::Table* table = request_.schema.tables.find(name)) tables.push_back(table);
    }
    for (const Lane& lane : lanes_) {
      if (std::ranges::find(tables, &lane.table) == tables.end()) tables.push_back(&lane.table);
    }
    for (const schema::Table* table : tables) {
      const bool has_rows = std::ranges::any_of(lanes_, [&](const Lane& lane) { return &lane.table == table; });
      if (!has_rows &&
          !tell(writer, {.kind = Event::Kind::begin_table, .load_id = request_.package.load_id, .table = table}))
        return;
      if (!tell(writer, {.kind = Event::Kind::end_table, .load_id = request_.package.load_id, .table = table})) return;
    }
    is_told_ = tell(writer, {.kind = Event::Kind::complete_load, .load_id = request_.package.load_id});
  }

  /// As often as a batch is sent. False: it could not be told, or the run was asked to stop.
  bool tell(std::unique_ptr<Writer>& writer, Event event) {
    Retry retry(options_.retry, env_);
    event.stop = request_.stop;
    while (true) {
      Outcome outcome = have_writer(writer);
      if (outcome.kind == Outcome::Kind::delivered) outcome = writer->tell(event);
      const bool is_stuck = writer != nullptr && writer->is_stuck();
      if (is_stuck) writer.reset();
      if (outcome.kind == Outcome::Kind::delivered) return true;
      const auto wait = retry.next_wait();
      const bool may_help = outcome.kind == Outcome::Kind::retry || outcome.kind == Outcome::Kind::unknown;
      if (!may_help || is_stuck || !wait || !wait_unless_stopped(*wait, request_.stop)) {
        untold_ = error_of(outcome, may_help ? Remedy::retry : Remedy::abandon)
                      .in(event.table == nullptr ? std::string("tell the end of the load")
                                                 : fmt::format("tell the end of {}", event.table->name));
        return false;
      }
    }
  }

  void tell_progress(std::uint64_t rows) {
    settled_rows_ += rows;
    if (request_.progress) request_.progress(settled_rows_);
  }

  LoadSummary summary() {
    LoadSummary out;
    LanesSummary lanes;
    for (const Lane& lane : lanes_) {
      auto entry = std::ranges::find(out.tables, lane.job.table, &TableLoad::table);
      if (entry == out.tables.end()) entry = out.tables.insert(entry, TableLoad{.table = lane.job.table});
      entry->rows += lane.record.settled - lane.record.rejected;
      out.rows += lane.record.settled - lane.record.rejected;
      lanes.unknown += lane.record.unknown;
    }
    lanes.before = before_;
    lanes.now = counts();
    lanes.unknown -= unknown_before_;
    lanes.is_given_up = !are_all_done() && std::ranges::all_of(lanes_, [this](const Lane& lane) {
      return lane.record.state != LaneState::open || is_behind_failed(lane);
    });
    lanes.refused = std::move(refused_);
    lanes.error = untold_ ? untold_ : first_error();
    lanes.is_told = is_told_;
    out.lanes = std::move(lanes);
    return out;
  }

  bool are_all_done() const {
    return std::ranges::all_of(lanes_, [](const Lane& lane) { return lane.record.state == LaneState::done; });
  }

  /// It waits for one of its table that was given up, and with it for a person.
  bool is_behind_failed(const Lane& lane) const {
    if (options_.parallelism == Parallelism::parallel) return false;
    return std::ranges::any_of(lanes_, [&](const Lane& before) {
      return before.record.state == LaneState::failed && before.job.table == lane.job.table &&
             before.record.position < lane.record.position;
    });
  }

  LaneCounts counts() const {
    LaneCounts counts;
    for (const Lane& lane : lanes_) {
      if (!lane.is_root) continue;
      counts.delivered += lane.record.settled - lane.record.rejected;
      counts.rejected += lane.record.rejected;
      counts.open += lane.job.rows - lane.record.settled;
    }
    return counts;
  }

  std::optional<Error> first_error() const {
    for (const Lane& lane : lanes_) {
      if (lane.record.state == LaneState::done) continue;
      const std::string where =
          fmt::format("deliver {} of {}", counted(lane.job.rows - lane.record.settled, "row"), lane.job.table);
      if (lane.error) return Error(*lane.error).in(where);
      if (lane.record.state == LaneState::failed) {
        return Error{.message = fmt::format("{}: given up by an earlier run: {}", where, lane.record.last_error),
                     .hint = failed_hint()};
      }
    }
    if (request_.stop.stop_requested()) {
      return Error{.message = "stopped", .hint = "", .blame = Blame::interrupted};
    }
    return std::nullopt;
  }

  const LoadRequest& request_;
  const LaneOptions& options_;
  const MakeWriter& make_writer_;
  Env& env_;
  LaneLog log_;
  const std::uint64_t batch_size_;
  std::vector<Lane> lanes_;
  LaneCounts before_{};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Error> broken_;
  bool is_told_ = false;  ///< all that was to be told at the end
  std::uint64_t unknown_before_ = 0;
  std::optional<Error> untold_;  ///< why the end could not be told
  std::string storm_reason_;     ///< of the failures that came last
  int storm_failures_ = 0;       ///< of them in a row
  std::uint64_t rejected_ = 0;   ///< documents, in all runs
  std::vector<RefusedDocument> refused_;
  std::uint64_t settled_rows_ = 0;
};

}  // namespace

Result<LoadSummary> run_lanes(const LoadRequest& request, const LaneOptions& options, const MakeWriter& make_writer,
                              Env& env) {
  return Lanes(request, options, make_writer, env).run();
}

std::string batch_key(std::string_view pipeline, std::string_view load_id, std::string_view job_file,
                      std::uint64_t first, std::uint64_t last) {
  const std::string text = fmt::format("{}\n{}\n{}\n{}\n{}", pipeline, load_id, job_file, first, last);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string key;
  for (const std::uint8_t byte : xxh3_128(text)) {
    key += digits[byte >> 4];
    key += digits[byte & 15];
  }
  return key;
}

}  // namespace outfall::delivery
