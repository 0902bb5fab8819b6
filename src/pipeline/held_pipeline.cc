// SPDX-License-Identifier: Apache-2.0
#include "pipeline/held_pipeline.h"

#include <fmt/format.h>

#include <utility>

#include "base/process.h"

namespace outfall::pipeline {

namespace {

/// A ledger that is shared is not changed behind the others' backs.
Status check_shared(ledger::Ledger& ledger, const HoldRequest& request) {
  if (request.shared.store != nullptr) return {};
  const Result<bool> is_shared = ledger.is_shared();
  if (!is_shared) return fail(is_shared.error());
  if (!*is_shared) return {};
  if (request.shared.is_left) return ledger.leave_shared();
  return fail(Error{.message = fmt::format("the state of pipeline '{}' is shared with other runners, and this command "
                                           "was not told where",
                                           request.binding.name),
                    .hint = "say where, as before: --state dir:PATH, or OUTFALL_STATE; --state none goes on without "
                            "the others, who will not know what is loaded here",
                    .blame = Blame::usage});
}

/// Somebody who looks at shared state has the lock for a moment, to put in its place what was fetched.
constexpr std::chrono::milliseconds look_ends{1'000};

Result<ledger::PipelineLock> take_lock(const HoldRequest& request, const ledger::PipelinePaths& paths, Env& env) {
  const ledger::LockRequest wanted{.path = paths.lock, .pipeline = request.binding.name, .wait = request.lock_wait};
  Result<ledger::PipelineLock> lock = ledger::PipelineLock::take(env, wanted);
  if (lock || lock.error().blame != Blame::busy || request.shared.store == nullptr) return lock;
  const LockWait moment{.longest = look_ends, .stop = request.lock_wait.stop};
  static_cast<void>(ledger::PipelineLock::take(env, {.path = paths.looks, .pipeline = "", .wait = moment}));
  return ledger::PipelineLock::take(env, {.path = paths.lock, .pipeline = request.binding.name});
}

}  // namespace

Result<HeldPipeline> hold(const HoldRequest& request, Env& env) {
  Result<ledger::PipelinePaths> paths = ledger::pipeline_paths(request.data_dir, request.key);
  if (!paths) return fail(std::move(paths.error()));
  if (Status made = ledger::make_pipeline_folders(*paths); !made) return fail(std::move(made.error()));
  Result<ledger::PipelineLock> lock = take_lock(request, *paths, env);
  if (!lock) return fail(std::move(lock.error()));
  std::unique_ptr<StateKeeper> state;
  if (request.shared.store != nullptr) {
    auto kept = StateKeeper::take(
        {.shared = request.shared, .paths = *paths, .pipeline = request.key, .lock_wait = request.lock_wait}, env);
    if (!kept) return fail(std::move(kept.error()));
    state = std::move(*kept);
  }
  Result<ledger::Ledger> ledger = ledger::Ledger::open(paths->database, env);
  if (!ledger) return fail(std::move(ledger.error()));
  if (Status alone = check_shared(*ledger, request); !alone) return fail(std::move(alone.error()));
  if (Status bound = ledger->bind(request.binding); !bound) return fail(std::move(bound.error()));
  Result<std::vector<ledger::UnendedRun>> unended = ledger->unended_runs();
  if (!unended) return fail(std::move(unended.error()));
  const ProcessIdentity process = this_process();
  const Status begun = ledger->begin_run({.run_id = request.run_id,
                                          .command = request.command,
                                          .input = request.input,
                                          .host = process.host,
                                          .boot_id = process.boot_id,
                                          .pid = process.pid,
                                          .started_at = env.now_us()});
  if (!begun) return fail(begun.error());
  HeldPipeline held{.paths = std::move(*paths),
                    .lock = std::move(*lock),
                    .ledger = std::move(*ledger),
                    .state = std::move(state),
                    .unended = std::move(*unended)};
  if (held.state == nullptr) return held;
  if (Status ready = held.state->begin(held.ledger); !ready) return fail(std::move(ready.error()));
  held.notes = held.state->take_notes();
  return held;
}

Status end_held(HeldPipeline& held, const ledger::RunEnd& end) {
  Status ended = held.ledger.end_run(end);
  return ended && held.state != nullptr ? held.state->finish() : ended;
}

}  // namespace outfall::pipeline
