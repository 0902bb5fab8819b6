// SPDX-License-Identifier: Apache-2.0
#include "pipeline/state_keeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ledger/ledger_copy.h"
#include "shared_state/local_state.h"

namespace outfall::pipeline {

using shared_state::Claimed;
using shared_state::Head;
using shared_state::LocalState;
using shared_state::Pusher;

namespace {

/// So old may be what others see of us before the lanes wait: by the time the lease is over they stand.
constexpr std::chrono::milliseconds silence_max = shared_state::usual_lease / 2;

void stop(std::jthread& thread) {
  thread.request_stop();
  if (thread.joinable()) thread.join();
}

/// Of a runner that goes on with what was pushed last.
std::string guarantee_elsewhere(DeliveryMode mode) {
  switch (mode) {
    case DeliveryMode::transactional:
    case DeliveryMode::table_by_table:
    case DeliveryMode::job_by_job:
      return "exactly once (the destination knows what it has)";
    case DeliveryMode::idempotency_key:
      return "at least once since the last push, under the same keys while batches have the same size";
    case DeliveryMode::at_least_once:
      return "at least once since the last push";
    case DeliveryMode::none:
      break;
  }
  return "";
}

}  // namespace

StateKeeper::StateKeeper(const KeepRequest& request, Env& env)
    : store_(request.shared.store),
      paths_(request.paths),
      pipeline_(request.pipeline),
      interval_(request.shared.interval),
      lock_wait_(request.lock_wait),
      retry_(request.retry),
      env_(env) {}

Result<std::unique_ptr<StateKeeper>> StateKeeper::take(const KeepRequest& request, Env& env) {
  std::unique_ptr<StateKeeper> keeper(new StateKeeper(request, env));
  if (Status claimed = keeper->claim(); !claimed) return fail(std::move(claimed.error()));
  return keeper;
}

StateKeeper::~StateKeeper() {
  stop(marks_thread_);
  stop(beats_thread_);
  if (!is_over_ && pusher_) static_cast<void>(pusher_->release());
}

Status StateKeeper::claim() {
  const auto make_ready = [this](const std::optional<Head>& found, const std::string& claim) -> Status {
    const Result<LocalState> state = shared_state::local_state(paths_, found);
    if (!state) return fail(state.error());
    if (*state == LocalState::foreign) return fail(shared_state::foreign_state(pipeline_, store_->address()));
    is_kept_ = shared_state::is_newest(*state);
    is_ours_ = *state == LocalState::held;
    seen_at_ = env_.monotonic();
    // What is only here must be known as ours however far we come. A copy can be fetched again.
    if (*state != LocalState::held) return {};
    return ledger::mark_ledger(paths_.database, shared_state::holder_mark(found->chain, found->claim, claim));
  };
  Result<Claimed> claimed =
      shared_state::claim({.store = *store_, .pipeline = pipeline_, .wait = lock_wait_, .before = make_ready}, env_);
  if (!claimed) return fail(std::move(claimed.error()));
  found_ = claimed->found;
  pusher_.emplace(*store_, paths_, claimed->head);
  static_cast<void>(store_->remove_unfinished(pipeline_));
  beats_thread_ = std::jthread([this, beats = shared_state::Beats(*store_, claimed->head)](
                                   const std::stop_token& stop) mutable { beat(beats, stop); });
  return settle(*claimed);
}

/// Puts the ledger that was found in the place of an older one.
Status StateKeeper::settle(const Claimed& claimed) {
  if (!found_ && is_kept_) return note_if_emptied();
  if (is_kept_ || !found_ || !found_->ledger) return {};
  return shared_state::replace_ledger(*store_, claimed.head, paths_,
                                      shared_state::holder_mark(claimed.head.chain, claimed.head.claim));
}

Status StateKeeper::note_if_emptied() {
  const auto facts = ledger::look_at_ledger(paths_.database);
  if (!facts) return fail(facts.error());
  if (*facts && !(*facts)->mark.empty()) {
    notes_.push_back(
        fmt::format("the shared state {} had nothing of this pipeline, which was shared before: it begins anew with "
                    "what is known here",
                    store_->address()));
  }
  return {};
}

Status StateKeeper::begin(ledger::Ledger& ledger) {
  const Head& head = pusher_->head();
  if (Status marked = ledger::mark_ledger(paths_.database, shared_state::holder_mark(head.chain, head.claim)); !marked)
    return marked;
  const Result<std::vector<std::string>> aside = shared_state::kept_aside(paths_);
  if (!aside) return fail(aside.error());
  for (const std::string& folder : *aside) {
    notes_.push_back(
        fmt::format("another runner went on without packages that were sealed here: they are kept in {}, and their "
                    "inputs count as not loaded; remove it when nobody needs them",
                    folder));
  }
  const auto pending = ledger.pending();
  if (!pending) return fail(pending.error());
  if (Status fetched = shared_state::fetch_jobs(*store_, head, paths_, *pending); !fetched) return fetched;
  // Whoever goes on after us is to know that we may have been loading them.
  if (!pending->empty() || !head.ledger) {
    if (Status pushed = push(); !pushed) return pushed;
  }
  {
    const std::lock_guard lock(mutex_);
    pushed_at_ = env_.monotonic();
  }
  ledger.on_recorded([this](ledger::Recorded what) { return recorded(what); });
  if (interval_.count() == 0) return {};
  marks_thread_ = std::jthread([this](const std::stop_token& stop) { push_marks(stop); });
  return {};
}

Status StateKeeper::recorded(ledger::Recorded what) {
  {
    const std::lock_guard lock(mutex_);
    ++marks_;
    if (failed_) return fail(*failed_);
    if (what != ledger::Recorded::refusals && interval_.count() > 0 && !is_late()) {
      changed_.notify_all();
      return {};
    }
  }
  return push();
}

/// `mutex_` is held.
bool StateKeeper::is_late() const {
  const std::chrono::nanoseconds now = env_.monotonic();
  return now - pushed_at_ > interval_ + silence_max || now - seen_at_ > silence_max;
}

Status StateKeeper::push() {
  std::uint64_t wanted = 0;
  {
    const std::lock_guard lock(mutex_);
    wanted = ++marks_;
  }
  const std::lock_guard one_at_a_time(pushing_);
  {
    const std::lock_guard lock(mutex_);
    if (failed_) return fail(*failed_);
    if (pushed_marks_ >= wanted) return {};
  }
  return push_with_retries(Pusher::Then::holds);
}

Status StateKeeper::finish() {
  stop(marks_thread_);
  const std::lock_guard one_at_a_time(pushing_);
  bool has_failed = false;
  {
    const std::lock_guard lock(mutex_);
    if (is_fenced_) return fail(*failed_);
    has_failed = failed_.has_value();
  }
  // Where many tries have failed a moment ago, one more is enough.
  Status pushed = has_failed ? push_once(Pusher::Then::releases) : push_with_retries(Pusher::Then::releases);
  if (pushed) is_over_ = true;
  stop(beats_thread_);
  return pushed;
}

Status StateKeeper::push_with_retries(Pusher::Then then) {
  delivery::Retry retry(retry_, env_);
  while (true) {
    Status pushed = push_once(then);
    if (pushed || is_fenced()) return pushed;
    const std::optional<std::chrono::nanoseconds> wait = retry.next_wait();
    if (wait && wait_unless_stopped(*wait, lock_wait_.stop)) continue;
    Error error = std::move(pushed.error())
                      .in(fmt::format("push the state of pipeline '{}' to {} ({} tries)", pipeline_, store_->address(),
                                      retry.attempts()));
    error.remedy = Remedy::abandon;  // enough was tried here
    const std::lock_guard lock(mutex_);
    failed_ = error;
    return fail(std::move(error));
  }
}

/// `pushing_` is held.
Status StateKeeper::push_once(Pusher::Then then) {
  std::uint64_t marks = 0;
  {
    const std::lock_guard lock(mutex_);
    marks = marks_;
  }
  const std::chrono::nanoseconds begun = env_.monotonic();
  const Result<bool> pushed = pusher_->push(then);
  if (!pushed) return fail(pushed.error());
  if (!*pushed) return fail(lose());
  const std::lock_guard lock(mutex_);
  ++pushes_;
  pushed_marks_ = marks;
  pushed_at_ = begun;
  seen_at_ = std::max(seen_at_, begun);
  pushed_at_us_ = env_.now_us();
  failed_.reset();
  return {};
}

void StateKeeper::push_marks(const std::stop_token& stop) {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [this] { return marks_ > pushed_marks_ && !failed_; })) return;
      const std::chrono::nanoseconds rest = pushed_at_ + interval_ - env_.monotonic();
      if (changed_.wait_for(lock, stop, rest, [] { return false; }); stop.stop_requested()) return;
    }
    static_cast<void>(push());  // what is wrong is told to whoever records next
  }
}

void StateKeeper::beat(shared_state::Beats& beats, const std::stop_token& stop) {
  while (wait_unless_stopped(shared_state::usual_lease / shared_state::beats_in_lease, stop)) {
    const std::chrono::nanoseconds begun = env_.monotonic();
    const Result<bool> is_ours = beats.beat();
    if (!is_ours) continue;  // the lanes wait once that has gone on for too long
    if (!*is_ours) {
      static_cast<void>(lose());
      break;
    }
    const std::lock_guard lock(mutex_);
    seen_at_ = std::max(seen_at_, begun);
  }
  beats.end();
}

/// Remembers that the pipeline was taken over, and says so.
Error StateKeeper::lose() {
  Error error = fenced();
  const std::lock_guard lock(mutex_);
  is_fenced_ = true;
  failed_ = error;
  return error;
}

bool StateKeeper::is_fenced() const {
  const std::lock_guard lock(mutex_);
  return is_fenced_;
}

Error StateKeeper::fenced() const {
  std::string who = "another runner";
  if (const auto newest = shared_state::newest_head(*store_, pipeline_); newest && *newest && (*newest)->holder)
    who += fmt::format(" ({})", shared_state::describe(*(*newest)->holder));
  return {.message = fmt::format("{} took over pipeline '{}' in the shared state {}: nothing more is delivered here",
                                 who, pipeline_, store_->address()),
          .hint = "let it finish: it goes on from the last push of this run"};
}

StateReport StateKeeper::report(DeliveryMode mode) const {
  const std::lock_guard lock(mutex_);
  StateReport report{.address = store_->address(), .pushes = pushes_, .guarantee = guarantee_elsewhere(mode)};
  if (pushed_at_us_) report.pushed_at = Time(std::chrono::microseconds(*pushed_at_us_));
  report.is_complete = pushed_marks_ >= marks_ && pushes_ > 0 && !failed_;
  return report;
}

}  // namespace outfall::pipeline
