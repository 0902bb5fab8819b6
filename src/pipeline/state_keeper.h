// SPDX-License-Identifier: Apache-2.0
//
// StateKeeper: holds the shared state of a pipeline for a run, and keeps it up to date.
//
// What must not be lost is pushed before the run goes on: each seal, what a database is about to refuse, and the end.
// Marks of batches are pushed by a thread of its own, at most one push an interval; so a runner that begins with the
// shared state repeats at most what was delivered since the newest push began. Where pushes take long, or fail, the
// lanes wait once that is an interval and half a lease ago; and whatever the interval is, once neither a beat nor a
// push has come through for half a lease: another runner may take the pipeline over when that lease is over.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/env.h"
#include "base/wait.h"
#include "delivery/retry.h"
#include "ledger/data_dir.h"
#include "ledger/ledger.h"
#include "outfall/error.h"
#include "outfall/report.h"
#include "shared_state/claim.h"
#include "shared_state/push.h"

namespace outfall::pipeline {

/// Where the state of pipelines is shared, as it was asked for.
struct SharedState {
  std::shared_ptr<shared_state::ObjectStore> store{};  ///< null: nowhere
  std::chrono::milliseconds interval{1000};            ///< between pushes of marks; 0: each mark is pushed
  /// Nowhere on purpose, also where it was shared before. A pipeline that is shared is else not run without it.
  bool is_left = false;
};

struct KeepRequest {
  const SharedState& shared;
  const ledger::PipelinePaths& paths;
  std::string pipeline;  ///< its folder's name
  LockWait lock_wait{};
  delivery::RetryPolicy retry{};  ///< of a push
};

/// push() may be called by any thread; the others by the one that runs the pipeline.
class StateKeeper {
 public:
  /// Claims the pipeline, and puts the newest ledger in its place. The pipeline's lock is held, no ledger is open.
  ///
  /// Errors: busy: another runner holds it; usage: what is here has another history; those of the store.
  static Result<std::unique_ptr<StateKeeper>> take(const KeepRequest& request, Env& env);

  /// Lets go, unless that was done; then nothing is pushed.
  ~StateKeeper();

  StateKeeper(const StateKeeper&) = delete;
  StateKeeper& operator=(const StateKeeper&) = delete;

  /// Fetches job files of pending packages, pushes what the shared state does not know, and is told from now on what
  /// the ledger records.
  Status begin(ledger::Ledger& ledger);

  /// Returns once all that the ledger has committed before the call is pushed. Tried again as the policy says.
  ///
  /// Errors: another runner took over, or no try came through. Then it is over: later calls say the same.
  Status push();

  /// The last push, which lets go of the pipeline.
  Status finish();

  bool is_fenced() const;

  /// The runner before died elsewhere, or its disk is lost: it may have delivered more than it has pushed.
  bool goes_on_for_another() const { return found_ && found_->holder && !is_ours_; }

  /// Where and how often it was pushed by now, and what that promises where the destination has this mode.
  StateReport report(DeliveryMode mode = DeliveryMode::none) const;

  /// Facts worth a line in the report.
  std::vector<std::string> take_notes() { return std::exchange(notes_, {}); }

 private:
  StateKeeper(const KeepRequest& request, Env& env);

  Status claim();
  Status settle(const shared_state::Claimed& claimed);
  Status note_if_emptied();
  Status recorded(ledger::Recorded what);
  bool is_late() const;
  Status push_once(shared_state::Pusher::Then then);
  Status push_with_retries(shared_state::Pusher::Then then);
  void push_marks(const std::stop_token& stop);
  void beat(shared_state::Beats& beats, const std::stop_token& stop);
  Error lose();
  Error fenced() const;

  const std::shared_ptr<shared_state::ObjectStore> store_;
  const ledger::PipelinePaths paths_;
  const std::string pipeline_;
  const std::chrono::milliseconds interval_;
  const LockWait lock_wait_;
  const delivery::RetryPolicy retry_;
  Env& env_;
  std::vector<std::string> notes_;
  std::optional<shared_state::Head> found_;  ///< the newest before ours
  bool is_kept_ = false;                     ///< the ledger that was here is the newest
  bool is_ours_ = false;                     ///< and the runner before has worked with it
  bool is_over_ = false;                     ///< it was let go, or lost

  std::mutex pushing_;  ///< one push at a time; of pusher_
  std::optional<shared_state::Pusher> pusher_;

  mutable std::mutex mutex_;  ///< of what follows
  std::condition_variable_any changed_;
  std::uint64_t marks_ = 0;         ///< that were recorded
  std::uint64_t pushed_marks_ = 0;  ///< of these
  std::uint64_t pushes_ = 0;
  std::optional<std::int64_t> pushed_at_us_;
  std::chrono::nanoseconds pushed_at_{};  ///< when the newest push that came through began
  std::chrono::nanoseconds seen_at_{};    ///< when the newest of what shows that we live began
  std::optional<Error> failed_;
  bool is_fenced_ = false;

  std::jthread marks_thread_;
  std::jthread beats_thread_;
};

}  // namespace outfall::pipeline
