// SPDX-License-Identifier: Apache-2.0
#include "pipeline/held_pipeline.h"

#include <utility>

#include "base/process.h"

namespace outfall::pipeline {

Result<HeldPipeline> hold(const HoldRequest& request, Env& env) {
  Result<ledger::PipelinePaths> paths = ledger::pipeline_paths(request.data_dir, request.key);
  if (!paths) return fail(std::move(paths.error()));
  if (Status made = ledger::make_pipeline_folders(*paths); !made) return fail(std::move(made.error()));
  Result<ledger::PipelineLock> lock = ledger::PipelineLock::take(
      env, {.path = paths->lock, .pipeline = request.binding.name, .wait = request.lock_wait});
  if (!lock) return fail(std::move(lock.error()));
  Result<ledger::Ledger> ledger = ledger::Ledger::open(paths->database, env);
  if (!ledger) return fail(std::move(ledger.error()));
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
  return HeldPipeline{.paths = std::move(*paths),
                      .lock = std::move(*lock),
                      .ledger = std::move(*ledger),
                      .unended = std::move(*unended)};
}

}  // namespace outfall::pipeline
