// SPDX-License-Identifier: Apache-2.0
#include "delivery/job_lane.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/counts.h"
#include "base/fault.h"
#include "columnar/row_bytes.h"
#include "delivery/batch_key.h"
#include "delivery/held_rows.h"
#include "ledger/lane_intent.h"

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

/// Rejected rows are put in order. Those that the batch does not have are nobody's: then nobody knows what became of
/// the others.
Outcome checked(Outcome outcome, std::uint64_t rows) {
  std::ranges::stable_sort(outcome.rows, {}, &RejectedRow::row);
  const auto twice = std::ranges::unique(outcome.rows, {}, &RejectedRow::row);
  outcome.rows.erase(twice.begin(), twice.end());
  if (outcome.rows.empty() || outcome.rows.back().row < rows) return outcome;
  return Outcome::unknown(
      fmt::format("it rejects row {} of a batch of {}", outcome.rows.back().row, counted(rows, "row")));
}

}  // namespace

void Rejections::begin(const LaneContext& context, std::uint64_t documents) {
  context_ = &context;
  documents_ = documents;
}

Status Rejections::add(std::uint64_t documents) {
  const std::lock_guard lock(mutex_);
  if (context_->check_rejected) {
    if (Status few = context_->check_rejected(documents_ + documents); !few) return few;
  }
  documents_ += documents;
  return {};
}

void Rejections::tell(RefusedDocument row) {
  const std::lock_guard lock(mutex_);
  if (first_.size() < refused_told_max) first_.push_back(std::move(row));
}

std::string given_up_hint(const std::string& load_id) {
  return fmt::format(
      "outfall package retry {0} has it tried again by the next resume, outfall package skip {0} gives it up", load_id);
}

JobLane::JobLane(LoadOfLanes& load, const ledger::JobRecord& job, const schema::Table& table, std::uint64_t first,
                 LaneRecord record)
    : load_(load),
      job_(job),
      table_(table),
      first_(first),
      record_(std::move(record)),
      open_to_(record_.sent_to),
      form_now_{.format = load.intake.options.format,
                .rows = load.intake.options.rows,
                .is_file = load.intake.options.batch_size == 0,
                .skips_dlt = load.intake.options.skips_dlt},
      form_then_(batch_form(record_.sent_as, form_now_)),
      attempts_(attempts(false)) {}

Step JobLane::standing() const {
  switch (record_.state) {
    case LaneState::open:
      break;
    case LaneState::done:
      return Step::done;
    case LaneState::failed:
      return Step::stopped;
  }
  return Step::ready;
}

std::string JobLane::awaited() const {
  const std::string batch = fmt::format("to send {} of {}", batch_text(), job_.table);
  return attempts_.count() == 0 ? batch + ", as the rate limit allows"
                                : fmt::format("{} again: {}", batch, record_.last_error);
}

bool JobLane::is_of_documents() const {
  return table_.parent.empty() && !schema::is_system_name(job_.table);
}

Attempts JobLane::attempts(bool may_be_there) const {
  return {load_.intake.options.retry, load_.env, may_be_there};
}

/// 0: the file is a batch.
std::uint64_t JobLane::batch_size() const {
  return load_.request.lanes->replayed_key ? 1 : load_.intake.options.batch_size;
}

/// Of the batch in hand.
std::uint64_t JobLane::batch_index() const {
  return batch_size() == 0 ? 0 : record_.settled / batch_size();
}

bool JobLane::is_grouped() const {
  return load_.intake.options.marks == MarkPolicy::grouped && load_.intake.options.batch_bytes == 0;
}

Result<Turn> JobLane::advance(std::unique_ptr<Writer>& writer) {
  if (record_.settled == job_.rows) return finish({.lane = record_}, 0);
  if (Status ready = make_ready(); !ready) {  // this job file; the others go on
    if (ready.error().remedy == Remedy::abandon) return give_up(Outcome::fatal(ready.error().message));
    error_ = std::move(ready.error());
    return stop_unready();
  }
  if (!record_.held.empty()) return reject_held();
  if (const std::optional<std::chrono::nanoseconds> wait = wait_for_rate())
    return Turn{.step = Step::waiting, .wait = *wait};
  if (Status intended = intend(); !intended) return fail(std::move(intended.error()));
  const Outcome outcome = send(writer);
  if (writer != nullptr && writer->is_stuck()) {
    writer.reset();
    return leave_stuck(outcome);
  }
  // Of a batch that is not delivered nothing is remembered.
  ledger::StateChanges state;
  if (writer != nullptr) state = writer->take_state_changes();
  switch (outcome.kind) {
    case Outcome::Kind::delivered: {
      ledger::LaneUpdate update{.lane = record_, .state = std::move(state)};
      if (Status noted = note_delivered({}, update); !noted) return fail(std::move(noted.error()));
      return settle(std::move(update));
    }
    case Outcome::Kind::rejected:
      return outcome.rows.empty() ? divide(outcome) : reject(outcome.rows, std::move(state));
    case Outcome::Kind::retry:
    case Outcome::Kind::unknown:
      return wait_or_stop(outcome);
    case Outcome::Kind::fatal:
      return give_up(outcome);
  }
  return Turn{};
}

/// Of the batch in hand.
const BatchForm& JobLane::form() const {
  return record_.settled < open_to_ ? form_then_ : form_now_;
}

/// The rows of the batch in hand can be read, and are what was sealed.
Status JobLane::make_ready() {
  if (Status opened = open_rows(); !opened) return opened;
  if (Status taken = take_batch(); !taken) return taken;
  if (Status intact = rows_->file.check_rows(record_.settled, ends_.back()); !intact) return intact;
  return columnar::check_columns_take({rows_->texts, rows_->reader}, record_.settled, ends_.back(), form().format);
}

/// A batch that nobody was sent may go out in another form.
Result<Turn> JobLane::stop_unready() {
  if (!ends_.empty() && has_intent(record_)) {
    take_back_intent();
    if (Status noted = load_.log.record({.lane = record_}, std::exchange(unmarked_, 0)); !noted)
      return fail(std::move(noted.error()));
  }
  return Turn{.step = Step::stopped};
}

Status JobLane::open_rows() {
  if (rows_ != nullptr && rows_form_ == form()) return {};
  Result<std::unique_ptr<JobRows>> rows =
      open_job_rows(load_.request.folder, job_, table_,
                    {.check = load_.request.check, .form = form().rows, .skips_dlt = form().skips_dlt});
  if (!rows) return fail(std::move(rows.error()));
  close_rows();
  rows_ = std::move(*rows);
  // Of documents alone nobody can have got columns.
  if (rows_->texts.has_documents_alone() && form_then_.format != LoaderFileFormat::jsonl)
    form_then_.format = form_now_.format;
  rows_form_ = form();
  // A call that hangs may ask for keys when all this is gone.
  rows_->row_key = [pipeline = load_.request.lanes->pipeline, load_id = load_.request.package.load_id,
                    file = job_.file](std::uint64_t row) { return batch_key(pipeline, load_id, file, row, row + 1); };
  return {};
}

void JobLane::close_rows() {
  measured_.reset();
  keys_.reset();
  rows_.reset();
}

/// Rows before `last` are at the destination.
void JobLane::count_not_numbers(std::uint64_t last) {
  if (rows_ != nullptr) not_numbers_ += rows_->texts.take_not_numbers(last);
}

/// How long the limit has the next attempt wait. None: it has its time.
std::optional<std::chrono::nanoseconds> JobLane::wait_for_rate() {
  if (load_.intake.options.rate == nullptr) return std::nullopt;
  const auto now = RateLimit::Clock::now();
  if (!due_) due_ = load_.intake.options.rate->reserve(now);
  return *due_ > now ? std::optional(*due_ - now) : std::nullopt;
}

// --- What is about to be sent ---

/// The batch in hand ends here. One that was about to be sent before a crash is sent again as it was.
Result<std::uint64_t> JobLane::next_end() {
  if (has_intent(record_)) return intended_end(record_);
  if (batch_size() == 0) return job_.rows;
  const std::uint64_t end = std::min(record_.settled + batch_size(), job_.rows);
  const std::uint64_t bytes_max = load_.intake.options.batch_bytes;
  if (bytes_max == 0) return end;
  if (!measured_) {
    auto opened = columnar::RowTexts::open(rows_->file, row_columns(table_, form().skips_dlt), form().rows);
    if (!opened) return fail(std::move(opened.error()));
    measured_.emplace(std::move(*opened));
  }
  std::string text;
  for (std::uint64_t row = record_.settled; row < end; ++row) {
    if (Status told = measured_->append(row, row + 1, text); !told) return fail(std::move(told.error()));
    if (text.size() > bytes_max) return std::max(row, record_.settled + 1);
  }
  return end;
}

Status JobLane::take_batch() {
  if (!ends_.empty()) return {};
  const Result<std::uint64_t> end = next_end();
  if (!end) return fail(end.error());
  ends_.push_back(*end);
  attempts_ = attempts(record_.settled < open_to_);
  due_.reset();
  return {};
}

/// The record says that the batch in hand is about to be sent; where marks are grouped, more of its size with it.
/// False: it did.
bool JobLane::add_intent(LaneRecord& record) const {
  const std::uint64_t end = ends_.back();
  if (has_intent(record)) {
    if (intended_end(record) == end) return false;
    record.part_to = end;
    return true;
  }
  record.sent_as = text_of(form_now_);
  const std::uint64_t cut = end - record.settled;
  const std::uint64_t batches = std::clamp<std::uint64_t>(rows_between_marks / cut, 1, batches_between_marks);
  // Those behind a part of a divided batch are not of its size.
  const bool has_more = is_grouped() && cut == batch_size();
  intend_window(record, end, has_more ? std::min(record.settled + batches * cut, job_.rows) : end);
  return true;
}

/// Sees to it that the batch in hand is known to be about to be sent.
Status JobLane::intend() {
  if (!add_intent(record_)) return {};
  marked_at_ = RateLimit::Clock::now();
  Status recorded = load_.log.record({.lane = record_}, std::exchange(unmarked_, 0));
  fault_point(Fault::batch_intended);
  return recorded;
}

/// Of what was to be sent until the next mark, nothing was but the batch in hand. Where that is a part of a divided
/// one, a later run has to know where this one ends, or it would cut all others elsewhere.
void JobLane::take_back_intent() {
  if (record_.settled < open_to_ || ends_.empty()) return;
  const bool is_part = ends_.size() > 1;
  const std::uint64_t end = is_part || attempts_.count() > 0 ? ends_.front() : record_.settled;
  intend_window(record_, end, end);
  if (is_part) record_.part_to = ends_.back();
}

// --- Sending ---

Outcome JobLane::send(std::unique_ptr<Writer>& writer) {
  const std::uint64_t last = ends_.back();
  const std::string key = key_of(record_.settled, last);
  Batch batch{.load_id = load_.request.package.load_id,
              .table = table_,
              .job_file = job_.file,
              .folder = load_.request.folder,
              .rows = rows_->texts,
              .reader = rows_->reader,
              .first = record_.settled,
              .last = last,
              .index = batch_index(),
              .attempt = attempts_.count() + 1,
              .key = key,
              .row_key = rows_->row_key,
              .keeps = rows_,
              .stop = load_.request.stop,
              .format = form().format,
              .is_file = form().is_file};
  const auto open = [&] {
    Outcome there = have_writer(writer, load_.intake.make_writer);
    return there.kind == Outcome::Kind::delivered ? writer->prepare(batch) : there;
  };
  Outcome outcome = attempts_.make(
      open, [&] { return writer->resolve(batch); },
      [&] {
        due_.reset();
        Outcome answer = writer->write(batch);
        fault_point(Fault::batch_answered);
        return answer;
      });
  return checked(std::move(outcome), last - record_.settled);
}

std::string JobLane::key_of(std::uint64_t first, std::uint64_t last) const {
  const LaneContext& context = *load_.request.lanes;
  if (context.replayed_key) {
    std::string key = context.replayed_key(job_.table, first_ + first);
    if (!key.empty()) return key;
  }
  return batch_key(context.pipeline, load_.request.package.load_id, job_.file, first, last);
}

// --- What became of it ---

/// The rows of the batch in hand are delivered, or rejected as `update` says. The next batch is intended with it.
Result<Turn> JobLane::settle(ledger::LaneUpdate update) {
  LaneRecord& record = update.lane;
  const std::uint64_t end = ends_.back();
  const std::uint64_t rows = end - record.settled + std::exchange(unmarked_, 0);
  count_not_numbers(end);
  record.settled = end;
  record.rejected += update.rejected;
  record.held.clear();
  record.last_error.clear();
  ends_.pop_back();
  attempts_ = attempts(false);
  due_.reset();
  load_.storm.end();
  if (record.settled == job_.rows) return finish(std::move(update), rows);
  record_ = record;
  const auto now = RateLimit::Clock::now();
  // Why the next one cannot be read is told when it is to be sent.
  const bool is_new = take_batch() && add_intent(record);
  const bool has_more = update.rejected > 0 || !update.state.empty() || !update.delivered.empty();
  const bool may_wait = is_grouped() && !is_new && !has_more && now - marked_at_ < mark_interval;
  record_ = record;
  if (may_wait) {
    unmarked_ = rows;
    return Turn{.step = Step::ready};
  }
  marked_at_ = now;
  return recorded(std::move(update), rows, {.step = Step::ready});
}

Result<Turn> JobLane::finish(ledger::LaneUpdate update, std::uint64_t rows) {
  close_lane(update.lane, job_.rows);
  record_ = update.lane;
  close_rows();
  return recorded(std::move(update), rows, {.step = Step::done});
}

Status JobLane::pause() {
  if (unmarked_ == 0) return {};
  take_back_intent();
  return load_.log.record({.lane = record_}, std::exchange(unmarked_, 0));
}

Result<Turn> JobLane::recorded(ledger::LaneUpdate update, std::uint64_t rows, Turn next) {
  Status done = load_.log.record(std::move(update), rows,
                                 {.table = job_.table, .job_file = job_.file, .rows = std::exchange(let_go_, {})});
  return done ? Result<Turn>(next) : fail(std::move(done.error()));
}

/// The batch was refused as a whole: halves of it, until the rows that are to blame stand alone.
Result<Turn> JobLane::divide(const Outcome& outcome) {
  const std::uint64_t first = record_.settled;
  const std::uint64_t last = ends_.back();
  if (last - first == 1) return reject({{.row = 0, .reason = outcome.reason}}, {});
  attempts_ = attempts(false);
  due_.reset();
  ends_.push_back(first + (last - first) / 2);
  return Turn{};
}

Result<Turn> JobLane::reject(const std::vector<RejectedRow>& rows, ledger::StateChanges state) {
  const std::uint64_t documents = is_of_documents() ? rows.size() : 0;
  if (load_.request.lanes->on_reject == OnReject::fail) return hold(rows, none_let_go(rows), std::move(state));
  if (documents > 0) {
    if (Status few = load_.rejections.add(documents); !few) return hold(rows, std::move(few.error()), std::move(state));
  }
  ledger::LaneUpdate update{
      .lane = record_, .rejected = rows.size(), .documents = documents, .state = std::move(state)};
  for (const RejectedRow& row : rows) {
    if (Status kept = keep(row, update.letters); !kept) return fail(std::move(kept.error()));
  }
  if (Status noted = note_delivered(rows, update); !noted) return fail(std::move(noted.error()));
  return settle(std::move(update));
}

/// What --on-reject fail says of the rejected rows of the batch in hand.
Error JobLane::none_let_go(const std::vector<RejectedRow>& rows) const {
  const std::size_t more = rows.size() - 1;
  return {.message = fmt::format("row {} of {} is rejected, and --on-reject fail does not let one go{}: {}",
                                 first_ + record_.settled + rows.front().row + 1, job_.table,
                                 more == 0 ? "" : fmt::format(" ({} more of its batch)", more), rows.front().reason),
          .hint = "--on-reject dead-letter keeps such rows apart and delivers the others"};
}

/// The run stops at it. What the destination has of the batch is not asked again, since it has answered; where it has
/// nothing, the batch may come once more.
Result<Turn> JobLane::hold(const std::vector<RejectedRow>& rows, Error error, ledger::StateChanges state) {
  record_.last_error = error.message;
  error_ = std::move(error);
  take_back_intent();
  const bool has_some = rows.size() < ends_.back() - record_.settled;
  if (has_some) {
    record_.held = held_text(rows);
    count_not_numbers(ends_.back());
  } else {
    state.clear();
  }
  ledger::LaneUpdate update{.lane = record_, .state = std::move(state)};
  if (has_some) {
    if (Status noted = note_delivered(rows, update); !noted) return fail(std::move(noted.error()));
  }
  return recorded(std::move(update), std::exchange(unmarked_, 0), {.step = Step::stopped});
}

/// An earlier run has stopped at rows that were rejected; this one may let them go.
Result<Turn> JobLane::reject_held() {
  const Result<std::vector<RejectedRow>> rows = read_held(record_.held);
  if (!rows) return fail(rows.error());
  return reject(*rows, {});
}

Status JobLane::keep(const RejectedRow& row, std::vector<ledger::Letter>& letters) {
  const std::uint64_t place = record_.settled + row.row;
  load_.rejections.tell({.table = job_.table, .row = first_ + place, .reason = row.reason, .text = ""});
  if (load_.request.lanes->on_reject != OnReject::dead_letter) {
    let_go_.push_back(place);
    return {};
  }
  std::string text;
  if (Status told = rows_->texts.append_as_kept(place, text); !told) return told;
  Result<std::string> primary = primary_key(place);
  if (!primary) return fail(std::move(primary.error()));
  load_.letters.add(job_.table, *primary);
  letters.push_back({.table = job_.table,
                     .input = fmt::format("package {}", load_.request.package.load_id),
                     .line = place + 1,
                     .reason = row.reason,
                     .hint = "",
                     .header = "",
                     .text = text,
                     .text_bytes = text.size(),
                     .rejected_at = load_.env.now_us(),
                     .job_file = job_.file,
                     .row = place,
                     .key = key_of(place, place + 1),
                     .attempt = std::max<std::uint64_t>(attempts_.count(), 1),
                     .primary_key = std::move(*primary),
                     .table_row = static_cast<std::int64_t>(first_ + place)});
  return {};
}

/// Empty: the row has none.
Result<std::string> JobLane::primary_key(std::uint64_t row) {
  if (!keys_) {
    const std::vector<KeyColumn>* columns = load_.letters.columns(job_.table);
    if (columns == nullptr) return std::string();
    Result<RowKeys> keys = RowKeys::open(rows_->file, *columns);
    if (!keys) return fail(std::move(keys.error()));
    keys_.emplace(std::move(*keys));
  }
  return keys_->of(row);
}

/// The destination has the batch in hand, but for the rejected rows: letters of earlier rows that have the key of one
/// of them are overtaken, and it is recorded with the batch that they are.
Status JobLane::note_delivered(const std::vector<RejectedRow>& rejected, ledger::LaneUpdate& update) {
  if (!load_.letters.has_any(job_.table)) return {};
  auto next = rejected.begin();
  for (std::uint64_t row = record_.settled; row < ends_.back(); ++row) {
    if (next != rejected.end() && next->row == row - record_.settled) {
      ++next;
      continue;
    }
    const Result<std::string> key = primary_key(row);
    if (!key) return fail(key.error());
    load_.letters.take_delivered(job_.table, *key, static_cast<std::int64_t>(first_ + row), update.delivered);
  }
  return {};
}

/// The batch in hand, as errors have it.
std::string JobLane::batch_text() const {
  return batch_size() == 0 ? std::string("its file") : fmt::format("batch {}", batch_index());
}

void JobLane::count_failure(const Outcome& outcome) {
  const bool is_unknown = outcome.kind == Outcome::Kind::unknown;
  ++record_.attempts;
  if (is_unknown) ++record_.unknown;
  record_.last_error = outcome.reason;
  FailedAttempts& failed = is_unknown ? unknown_ : repeated_;
  ++failed.count;
  failed.last = fmt::format("{} of {}: {}", batch_text(), job_.table, outcome.reason);
}

Result<Turn> JobLane::wait_or_stop(const Outcome& outcome) {
  count_failure(outcome);
  take_back_intent();
  const Status recorded = load_.log.record({.lane = record_}, std::exchange(unmarked_, 0));
  if (!recorded) return fail(recorded.error());
  if (const auto wait = attempts_.wait_after(outcome, load_.storm)) return Turn{.step = Step::waiting, .wait = *wait};
  error_ = error_of(outcome, Remedy::retry)
               .in(fmt::format("{} failed {}", batch_text(), counted(attempts_.count(), "time")));
  return Turn{.step = Step::stopped};
}

/// A call of it is still out, which may yet do what it was called for.
Result<Turn> JobLane::leave_stuck(const Outcome& outcome) {
  count_failure(outcome);
  error_ = error_of(outcome, Remedy::retry).in(batch_text());
  close_rows();
  return recorded({.lane = record_}, std::exchange(unmarked_, 0), {.step = Step::stopped});
}

/// It gets no further until a person has said so.
Result<Turn> JobLane::give_up(const Outcome& outcome) {
  record_.state = LaneState::failed;
  ++record_.attempts;
  record_.last_error = outcome.reason;
  error_ = error_of(outcome, Remedy::abandon);
  if (error_->hint.empty()) error_->hint = given_up_hint(load_.request.package.load_id);
  return recorded({.lane = record_}, std::exchange(unmarked_, 0), {.step = Step::stopped});
}

}  // namespace outfall::delivery
