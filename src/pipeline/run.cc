// SPDX-License-Identifier: Apache-2.0
#include "pipeline/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "base/counts.h"
#include "base/file.h"
#include "delivery/deliver.h"
#include "ledger/ledger.h"
#include "pipeline/abort.h"
#include "pipeline/adopted_tables.h"
#include "pipeline/destination_rejects.h"
#include "pipeline/earlier_loads.h"
#include "pipeline/extract.h"
#include "pipeline/held_pipeline.h"
#include "pipeline/input_fates.h"
#include "pipeline/lane_context.h"
#include "pipeline/letter_source.h"
#include "pipeline/load_account.h"
#include "pipeline/package_jobs.h"
#include "pipeline/progress_meter.h"
#include "pipeline/promise.h"
#include "pipeline/rehearsal.h"
#include "pipeline/rejected_rows.h"
#include "pipeline/row_places.h"
#include "pipeline/unrecognized_input.h"

namespace outfall::pipeline {
namespace {

class Run {
 public:
  explicit Run(const RunRequest& request)
      : request_(request), progress_(request.env, request.options.progress, random_hex(request.env, run_id_bytes)) {
    report_.run_id = progress_.run_id();
    report_.pipeline = request.name;
    report_.called = request.called;
    report_.dataset = request.dataset;
    report_.destination = request.destination.address();
    report_.data_dir = request.data_dir;
    report_.mode = mode_as_committed(request.destination.mode(), request.options.commit);
    report_.dry_run = request.options.dry_run;
    report_.fails_on_reject = request.options.on_reject == OnReject::fail;
    if (!request.note.empty()) report_.notes.push_back(request.note);
  }

  Report run() {
    const std::chrono::nanoseconds started = request_.env.monotonic();
    const Status done = run_watched();
    if (done && given_up_) {
      tell_given_up();
      report_.ending = Ending::pending;
    } else if (!done) {
      report_.error = done.error();
      report_.ending = ending_of(done.error());
      // Sealed work that waits is told by its own exit code, unless the run failed before anything was sealed.
      const bool is_failure = report_.ending == Ending::failed || report_.ending == Ending::misuse;
      if (is_failure && load_failed_) report_.ending = Ending::pending;
    } else {
      const bool has_bad =
          std::ranges::find(report_.inputs, InputFate::bad, &InputReport::fate) != report_.inputs.end();
      const bool has_refused = request_.replay != nullptr && request_.replay->refused() > 0;
      const bool has_rejected_rows =
          std::ranges::any_of(report_.tables, [](const TableReport& table) { return table.rows_rejected > 0; });
      const bool is_short = (report_.balance.rejected > 0 || has_bad || has_refused || has_rejected_rows) &&
                            !request_.options.rejected_ok;
      report_.ending = is_short ? Ending::rejected : Ending::delivered;
      if (report_.balance.pending > 0) report_.ending = Ending::pending;  // as was asked for
    }
    request_.destination.close();  // takes its time; the end is to be recorded and told in one moment
    for (std::string& note : request_.destination.take_notes()) report_.notes.push_back(std::move(note));
    // In which parts an earlier run has committed a package nobody knows any more: a job is the smallest.
    const bool is_known = !came_in_parts_ || request_.options.commit != CommitUnit::package;
    report_.mode = mode_as_committed(mode(), is_known ? request_.options.commit : CommitUnit::job);
    if (has_other_keys_ && report_.mode == DeliveryMode::idempotency_key) report_.mode = DeliveryMode::at_least_once;
    report_.elapsed = request_.env.monotonic() - started;
    report_.steps = progress_.take_steps();
    if (held_) {
      account_.list_pending();
      if (held_->state != nullptr) settle_state();
      if (request_.options.ending) request_.options.ending(report_);
      record_end();
    }
    return std::move(report_);
  }

 private:
  static constexpr std::size_t run_id_bytes = 8;

  /// Some say only when they are asked for the first time: of one that was not asked the newest report has it.
  DeliveryMode mode() {
    constexpr std::size_t runs_looked_at = 16;  // those that were killed have no report
    if (!held_ || request_.destination.is_mode_known()) return request_.destination.mode();
    const auto runs = held_->ledger.runs(runs_looked_at);
    for (const ledger::RunRecord& run : runs ? *runs : std::vector<ledger::RunRecord>()) {
      if (!run.ended_at) continue;
      const Result<Report> report = parse_report(run.trace);
      // Commands on packages say none.
      if (report && report->mode != DeliveryMode::none) return report->mode;
    }
    return request_.destination.mode();
  }

  /// Nobody is told of progress any more when the report is made.
  Status run_watched() {
    const auto act = [this] {
      return request_.options.dry_run ? rehearse(request_, progress_, report_) : run_locked();
    };
    if (!progress_.is_heard()) return act();
    const auto before = request_.destination.set_watch(std::make_shared<delivery::CallWatch>(waits_told()));
    Status done = act();
    request_.destination.set_watch(before);
    return done;
  }

  Status run_locked() {
    request_.destination.warm_up();
    const Status usable = check_of_new();
    const bool leaves_trace = usable || usable.error().blame == Blame::run;
    if (!leaves_trace) return usable;
    if (Status held = hold_pipeline(); !held) return held;
    if (!usable) {
      note_nothing_loaded();
      return usable;
    }
    if (Status suits = check_asked(request_); !suits) return suits;
    Result<std::vector<ledger::PackageRecord>> pending = held_->ledger.pending();
    if (!pending) return fail(std::move(pending.error()));
    const Result<bool> others = has_other_keys(request_, *held_, !pending->empty(), report_.notes);
    if (!others) return fail(others.error());
    has_other_keys_ = *others;
    const bool seals_only = request_.options.seal_only && request_.source != nullptr;
    if (Status suits = seals_only ? Status() : check_pending(request_, *pending); !suits) return suits;
    if (Status kept = request_.batches ? held_->ledger.keep_batches(*request_.batches) : Status(); !kept) return kept;
    if (Status cleared = clear_debris(); !cleared) return cleared;
    const Status delivered = seals_only ? count_pending(*pending) : deliver_pending(std::move(*pending));
    if (request_.source == nullptr) {
      if (delivered && !given_up_ && report_.packages.empty() && report_.notes.empty())
        report_.notes.push_back("nothing was pending");
      return delivered;
    }

    const bool stopped = !delivered && delivered.error().blame == Blame::interrupted;
    if (request_.replay != nullptr && !stopped) {
      if (Status chosen = choose_letters(); !chosen) return chosen;
      if (request_.replay->chosen() == 0) return delivered;
    }
    // New data is sealed behind what could not be delivered, never dropped.
    load_failed_ = false;
    const Status loaded = stopped ? delivered : load_inputs(delivered);
    if (!loaded) {
      if (!sealed_) note_nothing_loaded();
      return loaded;
    }
    if (seals_only) return {};
    load_failed_ = !delivered;
    return delivered;
  }

  /// Of a pipeline that is new nothing is made yet while its destination may be wrong.
  Status check_of_new() {
    const Result<ledger::PipelinePaths> paths = ledger::pipeline_paths(request_.data_dir, request_.key);
    if (!paths) return fail(paths.error());
    const Result<bool> is_known = file_exists(paths->database);
    if (!is_known) return fail(is_known.error());
    if (*is_known || request_.source == nullptr) return {};
    Status usable = request_.destination.check_configuration(request_.options.stop);
    return usable ? check_asked(request_) : usable;
  }

  /// Behind what an earlier replay has left.
  Status choose_letters() {
    Status chosen = request_.replay->choose(held_->ledger, held_->paths.database, report_.packages, report_.notes);
    if (chosen && request_.replay->chosen() == 0 && report_.packages.empty())
      report_.notes.push_back("no dead letter is open that was asked for");
    return chosen;
  }

  /// What waits is left to a later load. Answers as if it could not be delivered: what is sealed now goes behind it.
  Status count_pending(const std::vector<ledger::PackageRecord>& pending) {
    for (const ledger::PackageRecord& package : pending) {
      if (package.abort_asked_at) continue;
      if (Status counted = account_.add(package); !counted) return counted;
    }
    has_counted_ = true;
    return pending.empty() ? Status() : fail("they are to be loaded later");
  }

  Status hold_pipeline() {
    // What is rejected stays known, whatever becomes of the run.
    const ledger::RunInput input = request_.replay != nullptr ? ledger::RunInput::none : input_kind(request_.source);
    Result<HeldPipeline> held = hold({.key = request_.key,
                                      .data_dir = request_.data_dir,
                                      .binding = {.name = request_.name,
                                                  .destination = report_.destination,
                                                  .dataset = request_.dataset,
                                                  .meaning = request_.destination.meaning(),
                                                  .is_new_address = request_.options.new_address},
                                      .lock_wait = request_.lock_wait,
                                      .run_id = report_.run_id,
                                      .command = request_.command,
                                      .input = input,
                                      .shared = request_.shared},
                                     request_.env);
    if (!held) return fail(std::move(held.error()));
    held_.emplace(std::move(*held));
    std::ranges::move(notes_on_unended(held_->unended, input), std::back_inserter(report_.notes));
    std::ranges::move(held_->notes, std::back_inserter(report_.notes));
    progress_.attach(&held_->ledger);
    account_.attach(&held_->ledger);
    return {};
  }

  void note_nothing_loaded() {
    const Delivered delivered = report_.packages.empty() ? Delivered::nothing : Delivered::earlier_package;
    report_.notes.push_back(nothing_loaded_note(*request_.source, delivered));
  }

  Status clear_debris() {
    const auto kept = held_->ledger.packages_with_files();
    if (!kept) return fail(kept.error());
    const auto removed = ledger::remove_debris(held_->paths, *kept);
    if (!removed) return fail(removed.error());
    return {};
  }

  /// A run that died behind its last commit told nobody what it had rejected: whoever finishes its inputs does.
  Status tell_rejected(const std::set<std::string>& finished) {
    for (const std::string& load_id : finished) {
      const Result<std::uint64_t> rejected = held_->ledger.rejected_with(load_id);
      if (!rejected) return fail(rejected.error());
      if (Status told = account_.add_rejected(load_id, *rejected); !told) return told;
    }
    return {};
  }

  /// What somebody gave up is given up before anything is delivered.
  Status finish_aborts(std::vector<ledger::PackageRecord>& pending) {
    for (const ledger::PackageRecord& package : pending) {
      if (!package.abort_asked_at) continue;
      const Status ended = finish_abort(*held_, package, request_.destination, request_.options.stop, report_.notes);
      if (!ended) return ended;
      report_.notes.push_back(fmt::format("package {} is aborted, as was asked for", package.load_id));
    }
    std::erase_if(pending, [](const ledger::PackageRecord& package) { return package.abort_asked_at.has_value(); });
    return {};
  }

  Status deliver_pending(std::vector<ledger::PackageRecord> pending) {
    const Status aborted = finish_aborts(pending);
    for (const ledger::PackageRecord& package : pending) {
      if (package.abort_asked_at) continue;
      if (Status counted = account_.add(package); !counted) return counted;
    }
    if (!aborted) return aborted;
    auto untold = held_->ledger.untold_loads();
    if (!untold) return fail(std::move(untold.error()));
    untold_ = std::move(*untold);
    // A run that has inputs may find that it finishes some of those.
    if (request_.source == nullptr) {
      if (Status told = tell_untold_loads(); !told) return told;
    }
    has_counted_ = untold_.empty();
    if (pending.empty()) return {};
    const Result<bool> interrupted = held_->ledger.load_was_interrupted(report_.run_id);
    if (!interrupted) return fail(interrupted.error());
    if (*interrupted) request_.destination.expect_interrupted_load();
    if (Status noted = note_if_gone(request_, held_->ledger, pending.size(), report_.notes); !noted) return noted;
    for (const ledger::PackageRecord& package : pending) {
      const Status delivered = deliver_package(package, Resumed::yes);
      // What a run has sealed itself is told behind this, and that alone.
      if (request_.source == nullptr && (!delivered || is_left_open_)) {
        if (Status told = account_.tell_pending(package); delivered && !told) return told;
      }
      if (!delivered) return delivered;
    }
    return {};
  }

  /// But for those of inputs that this run answers for: it tells of them what they are now.
  Status tell_untold_loads(std::span<const ledger::SealedInput> own = {}) {
    for (const ledger::UntoldLoad& load : std::exchange(untold_, {})) {
      if (std::ranges::find(own, load.load_id, &ledger::SealedInput::load_id) != own.end()) continue;
      if (Status told = account_.add_untold(load); !told) return told;
    }
    return {};
  }

  /// What still fails makes new data wait behind it, up to a limit.
  Status check_room(const Error& failed) {
    const auto pending = held_->ledger.pending();
    if (!pending) return fail(pending.error());
    if (pending->size() < request_.options.max_pending_packages) return {};
    load_failed_ = true;
    const bool is_one = pending->size() == 1;
    return fail(Error{
        .message = fmt::format("{} {} for {}, and no more is sealed behind {}: {}", counted(pending->size(), "package"),
                               is_one ? "waits" : "wait", report_.destination, is_one ? "it" : "them", failed.message),
        .hint = fmt::format("deliver them first: outfall resume {}; or seal more with "
                            "--max-pending-packages, or give one up: outfall package list",
                            request_.called)});
  }

  Status load_inputs(const Status& delivered) {
    if (!delivered) {
      if (Status room = check_room(delivered.error()); !room) return room;
    }
    if (request_.options.write_disposition == WriteDisposition::skip) return {};
    // While it cannot take what is pending, it is not asked for more.
    LoadsThere loads = delivered
                           ? LoadsThere(request_.destination, request_.dataset, delivery::Inspection::before_a_load)
                           : LoadsThere::as_the_ledger_says();
    Result<InputChoice> choice = choose_inputs(*request_.source, held_->ledger, loads, input_question(request_));
    if (!choice) return fail(std::move(choice.error()));
    held_->ledger.acknowledge(choice->acknowledged);
    if (Status told = tell_rejected(choice->finished); !told) return told;
    if (Status told = tell_untold_loads(choice->acknowledged); !told) return told;
    has_counted_ = true;
    const Result<std::optional<ledger::PackageRecord>> package = extract(*choice, loads, delivered);
    if (!package) return fail(package.error());
    report_.inputs = std::move(choice->reports);
    if (!*package) return check_has_rows(request_.options, report_.inputs);
    sealed_ = true;
    if (Status counted = account_.add(**package); !counted) return counted;
    // Packages are delivered in the order of their seals.
    const bool delivers = delivered && !request_.options.seal_only;
    if (Status pushed = push_sealed(**package); !pushed) return pushed;
    const Status loaded = delivers ? deliver_package(**package, Resumed::no) : Status{};
    if (request_.replay != nullptr) request_.replay->name_letters((*package)->load_id, report_.rejects);
    if (!loaded && is_to_give_up_) return give_up(**package, loaded);
    if (delivers && loaded && !is_left_open_) return {};
    if (Status told = account_.tell_pending(**package); !told) return told;
    return loaded;
  }

  /// No row goes out of a package that other runners have not heard of.
  Status push_sealed(const ledger::PackageRecord& package) {
    if (held_->state == nullptr) return {};
    Status pushed = held_->state->push();
    if (pushed) return {};
    // Whoever took over reads the inputs itself.
    if (held_->state->is_fenced()) return give_up(package, pushed);
    load_failed_ = true;
    if (Status told = account_.tell_pending(package); !told) return told;
    return pushed;
  }

  /// What cannot be loaded as it was asked for, and can be read again, does not wait in the way of later runs.
  Status give_up(const ledger::PackageRecord& package, const Status& failed) {
    if (Status dropped = held_->ledger.drop(package.load_id); !dropped) return dropped;
    if (Status removed = ledger::remove_package_files(held_->paths, package.load_id); !removed) return removed;
    load_failed_ = false;
    sealed_ = false;
    account_.take_back(package);
    return failed;
  }

  Result<std::optional<ledger::PackageRecord>> extract(InputChoice& choice, LoadsThere& loads,
                                                       const Status& delivered) {
    const bool any = std::ranges::any_of(choice.reports, [](const InputReport& input) { return is_read(input.fate); });
    if (!any) return std::nullopt;
    Result<DatasetMemory> memory = recall(request_, &held_->ledger, !delivered, report_.notes);
    if (!memory) return fail(std::move(memory.error()));
    // What did not take a package may answer all the same, unless it is away.
    const bool is_away = !delivered && delivered.error().remedy == Remedy::retry;
    const Status known = is_away ? Status{} : adopt_tables(request_, choice, *memory, report_.notes);
    if (!known && delivered) return fail(known.error());
    const Result<schema::Naming> naming = naming_of(request_, memory->schema);
    if (!naming) return fail(naming.error());
    const Result<EarlierLoads> earlier = EarlierLoads::find(request_, &held_->ledger, *naming, loads);
    if (!earlier) return fail(earlier.error());
    request_.destination.close();  // others may use it while the inputs are read
    return extract_and_seal({.run = request_,
                             .ledger = held_->ledger,
                             .paths = held_->paths,
                             .run_id = report_.run_id,
                             .memory = std::move(*memory),
                             .loads = loads,
                             .earlier = *earlier,
                             .progress = progress_},
                            choice, report_);
  }

  static bool are_files(const normalize::DocumentSource& source) {
    return std::ranges::none_of(
        source.inputs(), [](const normalize::SourceInput& input) { return input.is_stream || input.identity.empty(); });
  }

  Status deliver_package(const ledger::PackageRecord& package, Resumed resumed) {
    load_failed_ = true;
    Result<schema::Schema> schema = schema::Schema::parse(package.schema);
    if (!schema) return fail(std::move(schema.error()).in("read the schema of package " + package.load_id));
    const std::uint64_t rows = input_rows(package);
    progress_.begin(Progress::Stage::load, package.load_id, {.rows = rows});
    delivery::DeliverOptions options{.env = request_.env};
    options.attempt_failed = [&](const Error& error) {
      (void)held_->ledger.record_attempt(package.load_id, error.message);
    };
    // What has another type for it by now stays known.
    const bool can_be_read_again = resumed == Resumed::no && package.altered.empty() && are_files(*request_.source);
    delivery::PackageKeys keys(package, *schema, held_->paths.package(package.load_id));
    DestinationRejects rejects(request_, package, report_.run_id, held_->ledger, keys,
                               can_be_read_again ? IfTooMany::it_is_given_up : IfTooMany::it_waits);
    RowPlaces places(package, held_->ledger, request_.destination.capabilities().name_length_max());
    const Result<delivery::LaneContext> lanes = lane_context(package, *schema, places);
    if (!lanes) return fail(lanes.error());
    is_left_open_ = false;
    bool is_partly_there = false;
    const Result<delivery::LoadSummary> summary = delivery::deliver(
        request_.destination,
        {.package = package,
         .schema = *schema,
         .folder = held_->paths.package(package.load_id),
         .check = resumed == Resumed::yes ? package::JobCheck::bytes : package::JobCheck::size,
         .progress = [this, rows](std::uint64_t loaded) { progress_.update(std::min(loaded, rows), 0); },
         .waiting = waits_told(),
         .refusals = &rejects,
         .replace_strategy = request_.options.replace_strategy.value_or(request_.destination.replace_strategy()),
         .commit = request_.options.commit,
         .part_committed =
             [this, &is_partly_there, &rejects] {
               is_partly_there = true;
               came_in_parts_ = true;
               rejects.part_is_committed();
             },
         .lanes = &*lanes,
         .stop = request_.options.stop},
        options);
    if (lanes->board != nullptr) tell_board(*lanes->board);
    const bool is_refused = !summary && (rejects.are_too_many() || summary.error().blame == Blame::usage);
    // What is read again under another load id would bring the committed part twice.
    is_to_give_up_ = is_refused && can_be_read_again && !is_partly_there;
    if (!summary) {
      Error failed = Error(summary.error()).in("load package " + package.load_id);
      // Rows were read and sealed by now: it is no mistake in words that touched nothing.
      if (failed.blame == Blame::usage) failed.blame = Blame::run;
      return fail(std::move(failed));
    }
    if (summary->lanes) {
      if (Status counted = account_.add_lanes(package, *summary->lanes, *schema, places); !counted) return counted;
      if (Status told = account_.tell_lanes(package, *schema, resumed); !told) return told;
      if (!summary->lanes->is_told) return leave_open(package, *summary->lanes);
    }
    // Of what went out in batches it is recorded batch by batch.
    const auto delivered = summary->lanes ? std::vector<ledger::DeliveredKey>() : keys.find_all(held_->ledger);
    if (!delivered) return fail(delivered.error());
    const int kept = request_.options.keep_packages;
    if (Status loaded = held_->ledger.mark_loaded(package.load_id, kept, *delivered); !loaded) return loaded;
    progress_.update(rows, 0);
    progress_.end_stage();
    load_failed_ = false;
    account_.add_loaded(package, *schema, *summary, resumed);
    if (!summary->lanes) {
      if (Status reported = account_.add_refused(package, rejects, resumed); !reported) return reported;
    }
    if (request_.options.keep_packages == 0) {
      if (Status removed = ledger::remove_package_files(held_->paths, package.load_id); !removed) return removed;
    }
    return clear_debris();  // kept by an earlier run, and no longer
  }

  void tell_board(delivery::LoadBoard& board) {
    report_.metrics.add(board.metrics());
    for (std::string& note : board.take_notes()) {
      if (std::ranges::find(report_.notes, note) == report_.notes.end()) report_.notes.push_back(std::move(note));
    }
  }

  Result<delivery::LaneContext> lane_context(const ledger::PackageRecord& package, const schema::Schema& schema,
                                             RowPlaces& places) {
    delivery::LaneContext context{.ledger = held_->ledger,
                                  .pipeline = request_.name,
                                  .run_id = report_.run_id,
                                  .on_reject = request_.options.on_reject.value_or(OnReject::dead_letter)};
    Result<std::shared_ptr<delivery::LoadBoard>> board = load_board(held_->ledger, request_.destination, package);
    if (!board) return fail(std::move(board.error()));
    context.board = std::move(*board);
    context.schema_before = [this, &package] { return schema_before(held_->ledger, package.load_id); };
    account_.begin_lanes();
    if (package.is_replay) {
      context.place_letter = [this](const ledger::Letter& letter) -> Status {
        account_.note_rejected(letters_of(letter.table));
        return {};
      };
      return replay_context(held_->ledger, package.load_id, std::move(context));
    }
    context.check_rejected = [this, &package](std::uint64_t rejected) -> Status {
      const std::uint64_t rows = package.documents + package.rejected;
      const std::optional<std::string> allowed = exceeded_bound(request_.options, package.rejected + rejected, rows);
      if (!allowed) return {};
      return fail(fmt::format("{} of {} are rejected, and --max-bad-rows allows {}", rejected, rows, *allowed),
                  fmt::format("`outfall resume {} --max-bad-rows N`, or P%, goes on", request_.called));
    };
    context.place_letter = [this, &schema, &places](ledger::Letter& letter) -> Status {
      if (!is_root(schema, letter.table)) return {};
      if (Status placed = place_letter(places, letter); !placed) return placed;
      account_.note_rejected(letter.input);
      return {};
    };
    return context;
  }

  std::function<void(const std::string& what)> waits_told() {
    if (!progress_.is_heard()) return nullptr;
    return [this](const std::string& what) { progress_.wait(what); };
  }

  /// Some of its rows are not delivered. What the destination has given up is in nobody's way.
  Status leave_open(const ledger::PackageRecord& package, const delivery::LanesSummary& lanes) {
    Error error = lanes.error ? *lanes.error : Error{.message = "stopped", .hint = "", .blame = Blame::interrupted};
    error = std::move(error).in("load package " + package.load_id);
    is_left_open_ = true;
    if (!lanes.is_given_up) return fail(std::move(error));
    if (!given_up_) given_up_ = std::move(error);
    load_failed_ = false;
    return {};
  }

  /// What the destination gave up waits for a person either way.
  void tell_given_up() {
    if (request_.destination.capabilities().raises_on_failed_jobs) {
      report_.error = given_up_;
      return;
    }
    const std::string& hint = given_up_->hint;
    report_.notes.push_back(given_up_->message + (hint.empty() ? "" : "; " + hint));
  }

  /// What was done is pushed before anybody is told of it.
  void settle_state() {
    const Status pushed = held_->state->push();
    report_.state = held_->state->report(report_.mode);
    if (pushed) return;
    if (!report_.error) {
      report_.error = pushed.error();
      report_.ending = Ending::pending;
    }
    report_.error->remedy = Remedy::retry;  // what stopped it is not in the rows
  }

  /// The last thing written: from here on the same command is a new load.
  void record_end() {
    const Status ended = end_held(*held_, {.run_id = report_.run_id,
                                           .ending = static_cast<int>(report_.ending),
                                           .trace = to_json(report_),
                                           .told = has_counted_});
    if (ended || report_.error) return;
    report_.error = ended.error();
    report_.ending = Ending::failed;
  }

  const RunRequest& request_;
  ProgressMeter progress_;
  Report report_;
  LoadAccount account_{report_};
  std::optional<HeldPipeline> held_;
  std::vector<ledger::UntoldLoad> untold_;  ///< of dead runs
  bool has_other_keys_ = false;             ///< what goes out once more, than when another runner delivered it
  bool sealed_ = false;                     ///< the inputs of this run
  bool has_counted_ = false;                ///< what is pending, and what dead runs have rejected
  bool is_left_open_ = false;               ///< rows of the package that was delivered last
  bool is_to_give_up_ = false;              ///< the package of this run, because too much of it is refused
  bool came_in_parts_ = false;              ///< readers may have seen a part of a package
  bool load_failed_ = false;                ///< sealed work waits for its destination
  std::optional<Error> given_up_;           ///< what a destination has given up, of whatever package
};

}  // namespace

Report run(const RunRequest& request) {
  return Run(request).run();
}

}  // namespace outfall::pipeline
