// SPDX-License-Identifier: Apache-2.0
//
// Reads ledgers, locks and folders of a data directory from the outside.
#include "outfall/status.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "engine/package_status.h"
#include "engine/passed_over.h"
#include "engine/pipeline_names.h"
#include "ledger/data_dir.h"
#include "ledger/ledger.h"
#include "ledger/pipeline_lock.h"

namespace outfall {
namespace {

namespace fs = std::filesystem;

// Files come and go while we look: what is gone weighs nothing.
std::uint64_t file_bytes(const fs::path& path) {
  std::error_code gone;
  const std::uintmax_t size = fs::file_size(path, gone);
  return gone ? 0 : size;
}

std::uint64_t tree_bytes(const std::string& folder) {
  std::error_code gone;
  std::uint64_t bytes = 0;
  for (fs::recursive_directory_iterator entry(folder, gone), end; !gone && entry != end; entry.increment(gone)) {
    std::error_code unreadable;
    if (entry->is_regular_file(unreadable)) bytes += file_bytes(entry->path());
  }
  return bytes;
}

RunStatus run_status_of(const std::string& pipeline, const ledger::RunRecord& record) {
  return {.run_id = record.run_id,
          .pipeline = pipeline,
          .command = record.command,
          .host = record.host,
          .pid = record.pid,
          .started_at = engine::time_of(record.started_at),
          .ended_at = engine::time_of(record.ended_at),
          .ending = record.ending,
          .trace = record.trace};
}

std::optional<std::uint64_t> known(std::uint64_t total) {
  return total == 0 ? std::nullopt : std::optional(total);
}

ProgressStatus progress_status(const ledger::ProgressRecord& record) {
  return {.run_id = record.run_id,
          .stage = record.stage,
          .rows = record.rows,
          .rows_total = known(record.rows_total),
          .bytes = record.bytes,
          .bytes_total = known(record.bytes_total),
          .updated_at = engine::time_of(record.updated_at)};
}

// The newest ones, and whatever is pending, however old.
Status read_packages(ledger::Ledger& ledger, std::size_t newest, PipelineStatus& status) {
  const Result<std::vector<ledger::PackageRecord>> packages = ledger.packages(newest);
  if (!packages) return fail(packages.error());
  for (const ledger::PackageRecord& package : *packages) status.packages.push_back(engine::package_status(package));

  Result<std::vector<ledger::PackageRecord>> pending = ledger.pending();
  if (!pending) return fail(std::move(pending.error()));
  std::ranges::reverse(*pending);
  for (const ledger::PackageRecord& package : *pending) {
    ++status.pending_packages;
    PackageStatus told = engine::package_status(package);
    status.pending_documents += told.pending;
    if (std::ranges::find(status.packages, package.load_id, &PackageStatus::load_id) == status.packages.end()) {
      status.packages.push_back(std::move(told));
    }
  }
  return {};
}

// Progress of a run that died stays in the ledger; it is told only while somebody holds the pipeline.
Status read_progress(ledger::Ledger& ledger, PipelineStatus& status) {
  if (!status.holder || status.runs.empty() || status.runs.front().ended_at) return {};
  const Result<std::optional<ledger::ProgressRecord>> progress = ledger.read_progress();
  if (!progress) return fail(progress.error());
  if (*progress && (*progress)->run_id == status.runs.front().run_id) status.progress = progress_status(**progress);
  return {};
}

Status read_ledger(const ledger::PipelinePaths& paths, const StatusOptions& options, PipelineStatus& status) {
  Result<ledger::Ledger> ledger = ledger::Ledger::open_read_only(paths.database);
  if (!ledger) return fail(std::move(ledger.error()));
  const Result<std::optional<ledger::Binding>> binding = ledger->binding();
  if (!binding) return fail(binding.error());
  if (*binding) {
    status.destination = (*binding)->destination;
    status.dataset = (*binding)->dataset;
  }
  const Result<std::vector<ledger::RunRecord>> runs = ledger->runs(options.runs_max);
  if (!runs) return fail(runs.error());
  const Result<std::uint64_t> letters = ledger->count_letters({.status = std::string(ledger::letter_status::open)});
  if (!letters) return fail(letters.error());
  status.dead_letters = *letters;
  for (const ledger::RunRecord& run : *runs) status.runs.push_back(run_status_of(status.name, run));
  if (Status read = read_packages(*ledger, options.packages_max, status); !read) return read;
  return read_progress(*ledger, status);
}

PipelineStatus read_pipeline(const ledger::PipelinePaths& paths, const std::string& name,
                             const StatusOptions& options) {
  PipelineStatus status{.name = name};
  if (const Result<std::optional<ledger::LockHolder>> holder = ledger::PipelineLock::holder(paths.lock);
      holder && *holder) {
    status.holder =
        HolderStatus{.host = (*holder)->host, .pid = (*holder)->pid, .since = engine::time_of((*holder)->started_at)};
  }
  if (const Status read = read_ledger(paths, options, status); !read) status.problem = read.error().message;
  // The write-ahead log and its index are part of the store.
  for (const char* ending : {"", "-wal", "-shm"}) status.state_bytes += file_bytes(paths.database + ending);
  status.package_bytes = tree_bytes(paths.packages);
  return status;
}

}  // namespace

std::string passed_over_data_dir(const std::string& asked) {
  return engine::find_passed_over(asked, "");
}

Result<DataDirStatus> status(const StatusOptions& options) {
  Result<engine::PipelinesFound> found =
      engine::find_readable_pipelines({.data_dir = options.data_dir, .state = options.state}, options.pipeline);
  if (!found) return fail(std::move(found.error()));
  DataDirStatus status{.data_dir = found->data_dir, .pipelines = {}};
  for (const std::string& name : found->keys) {
    const Result<ledger::PipelinePaths> paths = ledger::pipeline_paths(found->data_dir, name);
    if (!paths) return fail(paths.error());
    status.pipelines.push_back(read_pipeline(*paths, name, options));
  }
  for (const engine::Unreadable& one : found->unreadable)
    status.pipelines.push_back({.name = one.key, .problem = one.error.message});
  std::ranges::sort(status.pipelines, {}, &PipelineStatus::name);
  return status;
}

Result<RunStatus> run_status(const std::string& data_dir, const std::string& run_id, const std::string& state) {
  // Traces are pruned by age, so all runs of all pipelines stay few enough to look through.
  constexpr std::size_t runs_max = 100'000;
  Result<DataDirStatus> all =
      status({.data_dir = data_dir, .state = state, .pipeline = {}, .packages_max = 0, .runs_max = runs_max});
  if (!all) return fail(std::move(all.error()));
  std::vector<RunStatus> matches;
  for (PipelineStatus& pipeline : all->pipelines) {
    for (RunStatus& run : pipeline.runs) {
      if (run.run_id == run_id) return std::move(run);
      if (!run_id.empty() && run.run_id.starts_with(run_id)) matches.push_back(std::move(run));
    }
  }
  if (matches.size() == 1) return std::move(matches.front());
  Error error{.message = fmt::format("no run '{}' in {}", run_id, all->data_dir),
              .hint = "`outfall status PIPELINE` lists the runs of a pipeline",
              .blame = Blame::usage};
  if (!matches.empty()) {
    error.message = fmt::format("{} runs begin with '{}'", matches.size(), run_id);
    error.hint = fmt::format("give more of it: {}, {}", matches[0].run_id, matches[1].run_id);
  }
  return fail(std::move(error));
}

}  // namespace outfall
