// SPDX-License-Identifier: Apache-2.0
//
// Resume: finds the pipelines that a crash or a failure left with something to do, and runs each without a source.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/env.h"
#include "engine/left_to_others.h"
#include "engine/pipeline_names.h"
#include "engine/registry.h"
#include "engine/target.h"
#include "engine/worst_ending.h"
#include "ledger/data_dir.h"
#include "ledger/ledger.h"
#include "ledger/pipeline_lock.h"
#include "outfall/pipeline.h"

namespace outfall {
namespace {

/// Work, debris, or a death that nobody was told of. What cannot be read from outside is left for the run to explain.
bool has_work(const ledger::PipelinePaths& paths) {
  Result<ledger::Ledger> ledger = ledger::Ledger::open_read_only(paths.database);
  if (!ledger) return true;
  const auto pending = ledger->pending();
  if (!pending || !pending->empty()) return true;
  // What has no end and no package belongs to the live process, if there is one.
  const auto holder = ledger::PipelineLock::holder(paths.lock);
  if (holder && *holder) return false;
  const auto unended = ledger->unended_runs();
  if (!unended || !unended->empty()) return true;
  const auto untold = ledger->untold_loads();
  if (!untold || !untold->empty()) return true;
  const auto kept = ledger->packages_with_files();
  if (!kept) return true;
  const auto debris = ledger::find_debris(paths, *kept);
  return !debris || !debris->empty();
}

/// What cannot be read may have something.
bool may_be_pending(const ledger::PipelinePaths& paths) {
  Result<ledger::Ledger> ledger = ledger::Ledger::open_read_only(paths.database);
  const auto pending = ledger ? ledger->pending() : fail(ledger.error());
  return !pending || !pending->empty();
}

/// Of a resume for another destination than the pipeline's, where there is nothing that either could be sent.
Report nothing_for_either(const ledger::Binding& binding, const std::string& key, const std::string& data_dir) {
  Report report;
  report.ending = Ending::delivered;
  report.pipeline = binding.name;
  report.called = key;
  report.dataset = binding.dataset;
  report.destination = binding.destination;
  report.data_dir = data_dir;
  report.notes.push_back(fmt::format("nothing was pending for {}, where pipeline {} goes", binding.destination, key));
  return report;
}

Error for_another(const ledger::Binding& binding, const std::string& asked) {
  return {.message = fmt::format("what pipeline {} has sealed is for {}, not for {}", binding.name, binding.destination,
                                 asked),
          .hint = "resume it without a destination, or load the inputs with another pipeline",
          .blame = Blame::usage};
}

/// The address that is asked for, by name or by a function of the program. Empty: none is.
Result<std::string> address_asked_for(const std::string& destination, const OwnDestination* own,
                                      const std::string& pipeline) {
  if (destination.empty()) return own == nullptr ? Result<std::string>("") : engine::custom_address(*own);
  const Result<std::string> word = engine::complete_address(destination, pipeline);
  if (!word) return fail(word.error());
  const auto made = engine::make_destination(*word, {}, Env::system());
  if (!made) return fail(made.error());
  return (*made)->address();
}

/// None: there is nothing to do.
std::optional<Report> resume_one(const std::string& data_dir, const std::string& key, const PipelineOptions& options,
                                 const RunOptions& run, engine::LeftToOthers& left) {
  PipelineOptions one = options;
  one.name = key;
  const Result<ledger::PipelinePaths> paths = ledger::pipeline_paths(data_dir, key);
  if (!paths) return engine::failed_report(one, paths.error());
  if (options.name.empty() && !has_work(*paths)) return std::nullopt;
  const auto binding = engine::remembered_binding(data_dir, key);
  if (!binding) return engine::failed_report(one, binding.error());
  if (!*binding) return std::nullopt;  // it died before it had anything
  const OwnDestination* own = options.custom_destination.get();
  if (options.name.empty() && run.destination.empty() && engine::is_function_of_another((*binding)->destination, own)) {
    left.add(*paths, key, (*binding)->destination);
    return std::nullopt;
  }
  const Result<std::string> asked = address_asked_for(run.destination, own, (*binding)->name);
  if (!asked) return engine::failed_report(one, asked.error());
  // A package was sealed for one destination: its tables, and what is known of them.
  if (!asked->empty() && (*binding)->destination != *asked) {
    if (options.name.empty() && run.destination.empty()) return std::nullopt;
    return may_be_pending(*paths) ? engine::failed_report(one, for_another(**binding, *asked))
                                  : nothing_for_either(**binding, key, data_dir);
  }
  const engine::Target target{.name = (*binding)->name,
                              .key = key,
                              .address = (*binding)->destination,
                              .word = run.destination,  // with a password that nobody remembers
                              .dataset = (*binding)->dataset,
                              .data_dir = data_dir};
  return engine::run_target({.target = target,
                             .options = options,
                             .run = run,
                             .command = "resume",
                             .given = options.name.empty() ? engine::Given::for_several : engine::Given::for_it,
                             .batches_before = (*binding)->batches.value_or("")});
}

}  // namespace

ResumeReport Pipeline::resume(const RunOptions& options, const std::function<void(const Report&)>& done) {
  ResumeReport all;
  const Result<engine::PipelinesFound> found =
      engine::find_readable_pipelines({.data_dir = options_.data_dir, .state = options_.state}, options_.name);
  if (!found) {
    all.error = found.error();
    all.ending = ending_of(*all.error);
    return all;
  }
  all.data_dir = found->data_dir;
  const auto add = [&](Report report) {
    if (done) done(report);
    all.ending = engine::worst(all.ending, report.ending);
    all.pipelines.push_back(std::move(report));
  };
  engine::LeftToOthers left;
  for (const std::string& key : found->keys) {
    std::optional<Report> report = resume_one(found->data_dir, key, options_, options, left);
    if (!report) continue;
    add(std::move(*report));
    if (options.stop.stop_requested()) break;
  }
  // They may have work, too.
  for (const engine::Unreadable& one : found->unreadable) {
    PipelineOptions unreadable = options_;
    unreadable.name = one.key;
    add(engine::failed_report(unreadable, one.error));
  }
  if (!left.is_empty()) all.notes.push_back(left.note("resume them (Pipeline::resume)"));
  if (left.is_pending()) all.ending = engine::worst(all.ending, Ending::pending);
  std::ranges::stable_sort(all.pipelines, {}, &Report::pipeline);
  return all;
}

}  // namespace outfall
