// SPDX-License-Identifier: Apache-2.0
//
// Drops dead letters, and delivers their rows once more.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/left_to_others.h"
#include "engine/letter_search.h"
#include "engine/pipeline_names.h"
#include "engine/registry.h"
#include "engine/target.h"
#include "engine/worst_ending.h"
#include "ledger/data_dir.h"
#include "pipeline/held_command.h"
#include "pipeline/letter_source.h"

namespace outfall {
namespace {

/// What is typed behind `outfall dead-letter VERB`, for the trace.
std::string command_of(std::string_view verb, const std::string& pipeline, const std::string& id) {
  return fmt::format("dead-letter {} {}", verb, id.empty() ? pipeline : id);
}

Error not_open(const std::string& id) {
  return {.message = fmt::format("dead letter {} is not open", id),
          .hint = fmt::format("outfall dead-letter show {} tells what became of it", id),
          .blame = Blame::usage};
}

Result<std::uint64_t> drop_in(const engine::LettersFound& found, const std::string& key, std::size_t limit,
                              const DropLettersOptions& options) {
  const auto binding = engine::remembered_binding(found.data_dir, key);
  if (!binding) return fail(binding.error());
  if (!*binding) return 0;
  ledger::LetterFilter filter = found.filter;
  filter.limit = static_cast<std::int64_t>(std::min(limit, static_cast<std::size_t>(filter.limit)));
  std::uint64_t dropped = 0;
  const auto done = pipeline::run_held_command(
      {.key = key,
       .data_dir = found.data_dir,
       .binding = **binding,
       .lock_wait = {.longest = options.lock_wait, .stop = options.stop, .begins = options.waiting},
       .command = command_of("drop", key, options.id),
       .shared = found.shared,
       .env = Env::system()},
      [&](pipeline::HeldPipeline& held, const std::string&, std::vector<std::string>&) -> Status {
        const Result<std::uint64_t> count = held.ledger.drop_letters(filter);
        if (!count) return fail(count.error());
        dropped = *count;
        return {};
      });
  if (!done) return fail(done.error());
  return dropped;
}

/// Looks at the letters of all the pipelines before anything is sent in one of them. What is delivered meanwhile, each
/// pipeline sees for itself.
///
/// Errors: one of them is overtaken.
Status check_overtaken(const engine::LettersFound& found, const ReplayOptions& options) {
  pipeline::OvertakenLetters overtaken;
  std::size_t left = options.letters.limit.value_or(std::numeric_limits<std::size_t>::max());
  for (const std::string& key : found.pipelines) {
    const Result<ledger::PipelinePaths> paths = ledger::pipeline_paths(found.data_dir, key);
    if (!paths) return fail(paths.error());
    Result<ledger::Ledger> ledger = ledger::Ledger::open_read_only(paths->database);
    if (!ledger) return fail(std::move(ledger.error()));
    const Status visited = ledger->visit_letters(found.filter, [&](const ledger::LetterRecord& letter) -> Result<bool> {
      if (left == 0) return false;
      if (letter.status == ledger::letter_status::open) overtaken.add(letter);
      return --left > 0;
    });
    if (!visited) return visited;
  }
  std::optional<Error> error = overtaken.error();
  return error ? fail(std::move(*error)) : Status();
}

/// Those that are for functions of programs are left to these.
engine::LeftToOthers leave_functions(engine::LettersFound& found) {
  engine::LeftToOthers left;
  std::erase_if(found.pipelines, [&](const std::string& key) {
    const auto binding = engine::remembered_binding(found.data_dir, key);
    const bool is_of_function = binding && *binding && engine::is_function_of_another((*binding)->destination, nullptr);
    const auto paths = ledger::pipeline_paths(found.data_dir, key);
    if (is_of_function && paths) left.add(*paths, key, (*binding)->destination);
    return is_of_function;
  });
  return left;
}

/// What a replay asks of its rows: what cannot be taken as it is stays rejected.
RunOptions run_options(const ReplayOptions& options) {
  RunOptions run = options.run;
  run.inputs.clear();
  run.from_memory.clear();
  run.write_disposition.reset();
  run.primary_key.clear();
  run.merge = {};
  run.type_conflicts = TypeConflicts::reject;
  run.on_reject = OnReject::dead_letter;
  run.bad_rows_max = std::numeric_limits<std::uint64_t>::max();
  run.bad_percent_max.reset();
  return run;
}

}  // namespace

Result<std::uint64_t> drop_dead_letters(const DropLettersOptions& options) {
  const Result<engine::LettersFound> found =
      engine::find_letters(options.letters, options.id, engine::LettersWanted::open);
  if (!found) return fail(found.error());
  std::size_t left = options.letters.limit.value_or(std::numeric_limits<std::size_t>::max());
  std::uint64_t dropped = 0;
  for (const std::string& key : found->pipelines) {
    if (left == 0) break;
    const Result<std::uint64_t> here = drop_in(*found, key, left, options);
    if (!here) return here;
    dropped += *here;
    left -= std::min<std::size_t>(left, *here);
  }
  if (!options.id.empty() && dropped == 0) return fail(not_open(options.id));
  return dropped;
}

ResumeReport replay_dead_letters(const ReplayOptions& options, const std::function<void(const Report&)>& done) {
  ResumeReport all;
  Result<engine::LettersFound> found =
      engine::find_letters(options.letters, options.id, engine::LettersWanted::open_or_replaying);
  if (!found) {
    all.error = found.error();
    all.ending = ending_of(*all.error);
    return all;
  }
  const bool is_of_one = !options.id.empty() || !options.letters.pipeline.empty();
  if (!is_of_one && options.custom_destination == nullptr) {
    const engine::LeftToOthers left = leave_functions(*found);
    if (!left.is_empty()) all.notes.push_back(left.note("replay them (replay_dead_letters)"));
    if (left.is_pending()) all.ending = Ending::pending;
  }
  all.data_dir = found->data_dir;
  std::string address;  // of the program's own destination
  if (options.custom_destination != nullptr) {
    Result<std::string> own = engine::custom_address(*options.custom_destination);
    if (!own) {
      all.error = std::move(own.error());
      all.ending = Ending::misuse;
      return all;
    }
    address = std::move(*own);
  }
  // A program's own destination gets those of its pipeline alone, which the pipeline looks at itself.
  if (!options.force && address.empty() && found->pipelines.size() > 1) {
    if (Status newest = check_overtaken(*found, options); !newest) {
      all.error = std::move(newest.error());
      all.ending = ending_of(*all.error);
      return all;
    }
  }
  const RunOptions run = run_options(options);
  std::size_t left = options.letters.limit.value_or(std::numeric_limits<std::size_t>::max());
  for (const std::string& key : found->pipelines) {
    if (left == 0 || run.stop.stop_requested()) break;
    const PipelineOptions pipeline{.name = key,
                                   .custom_destination = options.custom_destination,
                                   .data_dir = found->data_dir,
                                   .state = options.letters.state,
                                   .state_interval = options.state_interval,
                                   .lock_wait = options.lock_wait,
                                   .waiting = options.waiting};
    ledger::LetterFilter filter = found->filter;
    filter.limit = static_cast<std::int64_t>(std::min(left, static_cast<std::size_t>(filter.limit)));
    pipeline::LetterSource source(
        {.filter = filter, .keeps_keys = options.key == ReplayKey::same, .takes_overtaken = options.force}, run.chunk);
    const auto binding = engine::remembered_binding(found->data_dir, key);
    if (binding && !*binding) continue;  // it died before it had anything
    if (binding && !address.empty() && (*binding)->destination != address) continue;
    Report report;
    if (!binding) {
      report = engine::failed_report(pipeline, binding.error());
    } else {
      const engine::Target target{.name = (*binding)->name,
                                  .key = key,
                                  .address = (*binding)->destination,
                                  .dataset = (*binding)->dataset,
                                  .data_dir = found->data_dir};
      report = engine::run_target({.target = target,
                                   .options = pipeline,
                                   .run = run,
                                   .source = &source,
                                   .command = command_of("replay", key, options.id),
                                   .replay = &source,
                                   .given = is_of_one ? engine::Given::for_it : engine::Given::for_several,
                                   .batches_before = (*binding)->batches.value_or("")});
    }
    left -= std::min<std::size_t>(left, source.chosen());
    if (done) done(report);
    all.ending = engine::worst(all.ending, report.ending);
    all.pipelines.push_back(std::move(report));
  }
  return all;
}

}  // namespace outfall
