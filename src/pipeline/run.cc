// SPDX-License-Identifier: Apache-2.0
#include "pipeline/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/process.h"
#include "delivery/deliver.h"
#include "ledger/ledger.h"
#include "ledger/pipeline_lock.h"
#include "pipeline/extract.h"
#include "pipeline/input_fates.h"
#include "pipeline/progress_meter.h"

namespace outfall::pipeline {
namespace {

/// Packages that may wait for their destination before new data is refused.
constexpr std::size_t pending_packages_max = 100;

class Run {
 public:
  explicit Run(const RunRequest& request)
      : request_(request), progress_(request.env, request.options.progress, random_hex(request.env, run_id_bytes)) {
    report_.run_id = progress_.run_id();
    report_.pipeline = request.name;
    report_.dataset = request.dataset;
    report_.destination = request.destination.address();
    report_.data_dir = request.data_dir;
    report_.mode = request.destination.mode();
    report_.dry_run = request.options.dry_run;
  }

  Report run() {
    const std::chrono::nanoseconds started = request_.env.monotonic();
    const Status done = request_.options.dry_run ? rehearse_run() : run_locked();
    if (!done) {
      report_.error = done.error();
      report_.ending = ending_of(done.error());
      // Sealed work that waits is told by its own exit code, unless the run failed before anything was sealed.
      const bool is_failure = report_.ending == Ending::failed || report_.ending == Ending::misuse;
      if (is_failure && load_failed_) report_.ending = Ending::pending;
    } else {
      report_.ending = report_.balance.rejected > 0 ? Ending::rejected : Ending::delivered;
    }
    for (std::string& note : request_.destination.take_notes()) report_.notes.push_back(std::move(note));
    report_.elapsed = request_.env.monotonic() - started;
    if (ledger_) record_end();
    return std::move(report_);
  }

 private:
  static constexpr std::size_t run_id_bytes = 8;

  Status rehearse_run() {
    Result<DatasetMemory> memory = recall(request_, nullptr, false, report_.notes);
    if (!memory) return fail(std::move(memory.error()));
    if (Status rehearsed = rehearse(request_, std::move(*memory), progress_, report_); !rehearsed) return rehearsed;
    report_.balance.pending = report_.balance.in;
    return {};
  }

  Status run_locked() {
    if (Status opened = open_state(); !opened) return opened;
    if (Status cleared = clear_debris(); !cleared) return cleared;
    Status delivered = deliver_pending();
    if (!delivered && delivered.error().blame == Blame::interrupted) return delivered;
    if (request_.source == nullptr) return delivered;

    // New data is sealed behind what could not be delivered, never dropped.
    load_failed_ = false;
    if (Status loaded = load_inputs(delivered.has_value()); !loaded) return loaded;
    load_failed_ = !delivered;
    return delivered;
  }

  Status open_state() {
    Result<ledger::PipelinePaths> paths = ledger::pipeline_paths(request_.data_dir, request_.key);
    if (!paths) return fail(std::move(paths.error()));
    paths_ = std::move(*paths);
    if (Status made = ledger::make_pipeline_folders(paths_); !made) return made;
    Result<ledger::PipelineLock> lock = ledger::PipelineLock::take(
        request_.env,
        {.path = paths_.lock, .pipeline = request_.name, .wait = request_.lock_wait, .stop = request_.options.stop});
    if (!lock) return fail(std::move(lock.error()));
    lock_.emplace(std::move(*lock));
    Result<ledger::Ledger> ledger = ledger::Ledger::open(paths_.database, request_.env);
    if (!ledger) return fail(std::move(ledger.error()));
    if (Status bound =
            ledger->bind({.name = request_.name, .destination = report_.destination, .dataset = request_.dataset});
        !bound) {
      return bound;
    }
    const ProcessIdentity process = this_process();
    const Status begun = ledger->begin_run({.run_id = report_.run_id,
                                            .command = request_.command,
                                            .host = process.host,
                                            .boot_id = process.boot_id,
                                            .pid = process.pid,
                                            .started_at = request_.env.now_us()});
    if (!begun) return begun;
    ledger_.emplace(std::move(*ledger));
    progress_.attach(&*ledger_);
    return {};
  }

  Status clear_debris() {
    const auto kept = ledger_->packages_with_files();
    if (!kept) return fail(kept.error());
    const auto removed = ledger::remove_debris(paths_, *kept);
    if (!removed) return fail(removed.error());
    return {};
  }

  Status deliver_pending() {
    const Result<std::vector<ledger::PackageRecord>> pending = ledger_->pending();
    if (!pending) return fail(pending.error());
    for (const ledger::PackageRecord& package : *pending) report_.balance.in += package.documents;
    report_.balance.pending = report_.balance.in;
    for (const ledger::PackageRecord& package : *pending) {
      if (Status delivered = deliver_package(package, Resumed::yes); !delivered) return delivered;
    }
    return {};
  }

  Status load_inputs(bool nothing_pending) {
    if (!nothing_pending) {
      const auto pending = ledger_->pending();
      if (!pending) return fail(pending.error());
      if (pending->size() >= pending_packages_max) {
        return fail(
            fmt::format("{} packages wait for {}; no more is sealed behind them", pending->size(), report_.destination),
            "make the destination reachable, then: outfall resume " + request_.name);
      }
    }
    Result<InputChoice> choice =
        choose_inputs(*request_.source, *ledger_,
                      {.skip_loaded = request_.options.skip_loaded ? SkipLoaded::yes : SkipLoaded::no,
                       .write_disposition = request_.options.write_disposition});
    if (!choice) return fail(std::move(choice.error()));
    ledger_->acknowledge(choice->acknowledged);
    const Result<std::optional<ledger::PackageRecord>> package = extract(*choice, !nothing_pending);
    if (!package) {
      report_.notes.emplace_back("nothing of the inputs was loaded");
      return fail(package.error());
    }
    report_.inputs = std::move(choice->reports);
    if (!*package) return {};
    report_.balance.in += (*package)->documents;
    report_.balance.pending += (*package)->documents;
    // Packages are delivered in the order of their seals.
    if (!nothing_pending) return {};
    return deliver_package(**package, Resumed::no);
  }

  Result<std::optional<ledger::PackageRecord>> extract(InputChoice& choice, bool has_pending) {
    const bool any = std::ranges::any_of(choice.reports, [](const InputReport& input) { return is_read(input.fate); });
    if (!any) return std::nullopt;
    Result<DatasetMemory> memory = recall(request_, &*ledger_, has_pending, report_.notes);
    if (!memory) return fail(std::move(memory.error()));
    return extract_and_seal({.run = request_,
                             .ledger = *ledger_,
                             .paths = paths_,
                             .run_id = report_.run_id,
                             .memory = std::move(*memory),
                             .progress = progress_},
                            choice, report_);
  }

  enum class Resumed { no, yes };

  Status deliver_package(const ledger::PackageRecord& package, Resumed resumed) {
    load_failed_ = true;
    Result<schema::Schema> schema = schema::Schema::parse(package.schema);
    if (!schema) return fail(std::move(schema.error()).in("read the schema of package " + package.load_id));
    std::uint64_t rows = 0;
    for (const ledger::JobRecord& job : package.jobs) rows += job.rows;
    progress_.begin(Progress::Stage::load, package.load_id);
    progress_.set_totals(rows, std::nullopt);
    delivery::DeliverOptions options{.env = request_.env};
    options.attempt_failed = [&](const Error& error) { (void)ledger_->record_attempt(package.load_id, error.message); };
    const Result<delivery::LoadSummary> summary =
        delivery::deliver(request_.destination,
                          {.package = package,
                           .schema = *schema,
                           .folder = paths_.package(package.load_id),
                           .progress = [this](std::uint64_t loaded) { progress_.update(loaded, 0); },
                           .stop = request_.options.stop},
                          options);
    if (!summary) return fail(Error(summary.error()).in("load package " + package.load_id));
    if (Status loaded = ledger_->mark_loaded(package.load_id, request_.options.keep_packages); !loaded) return loaded;
    progress_.update(rows, 0);
    progress_.end_stage();
    load_failed_ = false;
    report_package(package, *schema, *summary, rows, resumed);
    if (request_.options.keep_packages == 0) {
      if (Status removed = ledger::remove_package_files(paths_, package.load_id); !removed) return removed;
    }
    return clear_debris();  // kept by an earlier run, and no longer
  }

  void report_package(const ledger::PackageRecord& package, const schema::Schema& schema,
                      const delivery::LoadSummary& summary, std::uint64_t rows, Resumed resumed) {
    report_.packages.push_back({.load_id = package.load_id, .resumed = resumed == Resumed::yes, .rows = rows});
    report_.balance.delivered += package.documents;
    report_.balance.pending -= package.documents;
    for (const ledger::JobRecord& job : package.jobs) {
      if (resumed == Resumed::yes && !job.table.starts_with("_dlt")) table_report(job.table, schema).rows += job.rows;
    }
    for (const delivery::TableLoad& table : summary.tables) {
      if (table.table.starts_with("_dlt")) continue;
      TableReport& entry = table_report(table.table, schema);
      entry.created = entry.created || table.created;
      entry.new_columns.insert(entry.new_columns.end(), table.new_columns.begin(), table.new_columns.end());
    }
  }

  TableReport& table_report(const std::string& name, const schema::Schema& schema) {
    const auto known = std::ranges::find(report_.tables, name, &TableReport::name);
    if (known != report_.tables.end()) return *known;
    const schema::Table* table = schema.tables.find(name);
    report_.tables.push_back({.name = name, .parent = table == nullptr ? "" : table->parent});
    return report_.tables.back();
  }

  /// The last thing written: from here on the same command is a new load.
  void record_end() {
    const Status ended = ledger_->end_run(
        {.run_id = report_.run_id, .ending = static_cast<int>(report_.ending), .trace = to_json(report_)});
    if (ended || report_.error) return;
    report_.error = ended.error();
    report_.ending = Ending::failed;
  }

  const RunRequest& request_;
  ProgressMeter progress_;
  Report report_;
  ledger::PipelinePaths paths_;
  std::optional<ledger::PipelineLock> lock_;
  std::optional<ledger::Ledger> ledger_;
  bool load_failed_ = false;
};

}  // namespace

Report run(const RunRequest& request) {
  return Run(request).run();
}

}  // namespace outfall::pipeline
