// SPDX-License-Identifier: Apache-2.0
#include "pipeline/extract.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <thread>
#include <utility>

#include "base/counts.h"
#include "normalize/normalizer.h"
#include "package/package_writer.h"
#include "pipeline/adopted_tables.h"
#include "pipeline/column_hints.h"
#include "pipeline/contracts.h"
#include "pipeline/first_call.h"
#include "pipeline/letter_source.h"
#include "pipeline/merge_hints.h"
#include "pipeline/primary_keys.h"
#include "pipeline/promise.h"
#include "pipeline/refresh.h"
#include "pipeline/rejected_rows.h"
#include "pipeline/schema_changes.h"
#include "pipeline/seal_checks.h"
#include "pipeline/settled_types.h"
#include "pipeline/state_job.h"
#include "sql/load_marks.h"

namespace outfall::pipeline {
namespace {

constexpr int nesting_default = 1000;

normalize::RowIdSeed draw_seed(Env& env) {
  normalize::RowIdSeed seed{};
  env.random(std::as_writable_bytes(std::span(seed)));
  return seed;
}

Result<std::vector<normalize::InputFacts>> input_facts(const RunRequest& run, const schema::Naming& naming) {
  std::vector<normalize::InputFacts> facts;
  for (const normalize::SourceInput& input : run.source->inputs()) {
    std::string table = root_table(naming, input.table);
    if (table == sql::load_marks_table) {
      return fail(Error{.message = fmt::format("the table {} of {} is called like the one that tells of parts of loads",
                                               table, input.called()),
                        .hint = "name another table with --table",
                        .blame = Blame::usage});
    }
    if (schema::is_system_name(table)) {
      return fail(Error{
          .message = fmt::format("the table {} of {} begins with _dlt, which is kept for tables that describe the load",
                                 table, input.called()),
          .hint = "name another table with --table",
          .blame = Blame::usage});
    }
    facts.push_back({.name = input.called(), .table = std::move(table), .unit = input.unit});
  }
  std::set<std::string> of_documents;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    if (!run.source->inputs()[i].is_columns) of_documents.insert(facts[i].table);
  }
  for (normalize::InputFacts& input : facts) input.beside_documents = of_documents.contains(input.table);
  return facts;
}

/// What was asked for, then what the table's own schema says, then the dataset's.
normalize::RootOptions root_options(const RunRequest& run, const schema::Schema& schema, const schema::Naming& naming,
                                    const std::string& root) {
  const schema::Table* table = schema.tables.find(root);
  std::optional<int> levels = run.options.max_table_nesting;
  if (!levels && table != nullptr) levels = table->max_nesting();
  if (!levels) levels = run.destination.capabilities().max_table_nesting;
  if (!levels) levels = schema.max_nesting();
  // There the columns are the keys of the documents, and nothing is lost with the tables and names that are not made.
  const bool mirrors_documents = naming.convention() == NamingConvention::direct && levels == 0;
  return {.max_nesting = levels.value_or(nesting_default),
          .root_key = schema.propagates_root_id(root),
          .keeps_documents = run.destination.capabilities().takes_documents && mirrors_documents};
}

Result<normalize::NormalizeOptions> normalize_options(const RunRequest& run, DatasetMemory& memory,
                                                      const std::string& load_id, ProgressMeter& progress) {
  schema::Schema& schema = memory.schema;
  const Result<schema::Naming> made = naming_of(run, schema);
  if (!made) return fail(made.error());
  const schema::Naming& naming = *made;
  Result<normalize::ColumnHints> hints = read_column_hints(run.options.columns, naming);
  if (!hints) return fail(std::move(hints.error()));
  Result<std::vector<normalize::InputFacts>> inputs = input_facts(run, naming);
  if (!inputs) return fail(std::move(inputs.error()));

  std::vector<std::string> roots;
  for (const normalize::InputFacts& input : *inputs) roots.push_back(input.table);
  forget_dropped(run.options, roots, memory);

  for (const normalize::InputFacts& input : *inputs) {
    Status checked = check_column_hints(*hints, memory, input.table, naming);
    if (!checked) return fail(std::move(checked.error()));
  }

  Result<normalize::TableContracts> contracts = table_contracts(run.options, memory, roots);
  if (!contracts) return fail(std::move(contracts.error()));
  const int workers = worker_count(run.options);
  normalize::NormalizeOptions options;
  options.shape = {.naming = naming,
                   .max_nesting = schema.max_nesting().value_or(nesting_default),
                   .root_key = run.options.root_key,
                   .row_ids_for_columns = run.options.add_row_ids,
                   .roots = {},
                   .hints = std::move(*hints),
                   .bad_documents = bad_documents(run.options),
                   .system_columns = run.options.keep_dlt_columns ? normalize::SystemColumns::keep
                                                                  : normalize::SystemColumns::leave_out,
                   .on_collision = run.options.on_collision,
                   .type_conflicts = run.options.type_conflicts,
                   .contracts = std::move(*contracts),
                   .there = &memory.there};
  if (!run.options.timezone.empty()) {
    Result<schema::TimeZone> clock = schema::TimeZone::find(run.options.timezone);
    if (!clock) return fail(std::move(clock.error()));
    options.shape.clock = std::move(*clock);
  }
  if (run.options.root_key) schema.propagate_root_ids();
  for (const normalize::InputFacts& input : *inputs) {
    options.shape.roots.insert_or_assign(input.table, root_options(run, schema, naming, input.table));
  }
  options.write_disposition = stored_disposition(run.options.write_disposition.value_or(WriteDisposition::append));
  options.load_id = load_id;
  options.seed = draw_seed(run.env);
  options.workers = workers;
  options.chunks_in_flight_max = static_cast<std::size_t>(workers) * 2 + 1;
  options.inputs = std::move(*inputs);
  options.stop = run.options.stop;
  options.cancel_read = [&run] { run.source->cancel(); };
  options.progress = [&run, &progress](std::uint64_t documents) {
    progress.update(documents, run.source->bytes_read());
  };
  return options;
}

std::uint64_t bytes_to_read(const normalize::DocumentSource& source, const std::vector<InputReport>& reports) {
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < reports.size(); ++i) {
    if (is_read(reports[i].fate)) bytes += source.inputs()[i].size;
  }
  return bytes;
}

/// The root tables of this run, in order of their first input that is taken.
std::vector<std::string> root_tables(const normalize::NormalizeOptions& options,
                                     const std::vector<InputReport>& reports) {
  std::vector<std::string> tables;
  for (std::size_t i = 0; i < reports.size(); ++i) {
    if (!is_read(reports[i].fate)) continue;
    if (std::ranges::find(tables, options.inputs[i].table) == tables.end()) tables.push_back(options.inputs[i].table);
  }
  return tables;
}

/// The inputs whose table the schema does not have yet.
std::vector<std::size_t> inputs_of_new_tables(const schema::Schema& schema,
                                              const std::vector<normalize::InputFacts>& inputs) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (schema.tables.find(inputs[i].table) == nullptr) found.push_back(i);
  }
  return found;
}

void report_variants(const RunRequest& run, const normalize::NormalizeSummary& summary,
                     const normalize::NormalizeOptions& options, Report& report) {
  for (const normalize::VariantSummary& variant : summary.variants) {
    // A document that is kept whole has the value under its own key.
    const bool is_columns = run.source->inputs()[variant.input].is_columns;
    if (!is_columns && options.shape.of_root(variant.table).keeps_documents) continue;
    const auto table = std::ranges::find(report.tables, variant.table, &TableReport::name);
    if (table == report.tables.end()) continue;
    table->variants.push_back({.column = variant.column,
                               .base_column = variant.base_column,
                               .first_value = variant.value,
                               .input = options.inputs[variant.input].name,
                               .line = variant.line,
                               .is_stated = variant.is_stated});
  }
}

void report_rows(const normalize::NormalizeSummary& summary, const schema::Schema& schema, Report& report) {
  for (const schema::Table& table : schema.tables) {
    const auto rows = summary.rows.find(table.name);
    if (rows == summary.rows.end()) continue;
    // A package that an earlier run left may have had rows of the table.
    const auto known = std::ranges::find(report.tables, table.name, &TableReport::name);
    if (known == report.tables.end()) {
      report.tables.push_back({.name = table.name, .parent = table.parent, .rows = rows->second});
    } else {
      known->rows += rows->second;
    }
  }
}

void add_notes(Report& report, std::vector<std::string> notes) {
  for (std::string& note : notes) report.notes.push_back(std::move(note));
}

std::vector<std::string> notes_on_long_numbers(std::uint64_t numbers) {
  if (numbers == 0) return {};
  return {fmt::format("{} of more than 38 digits {} kept as text: no type of number is that long",
                      counted(numbers, "integer"), numbers == 1 ? "is" : "are")};
}

std::vector<std::string> notes_on_collisions(const std::vector<normalize::CollisionSummary>& collisions) {
  constexpr std::size_t notes_max = 20;
  std::vector<std::string> notes;
  for (const normalize::CollisionSummary& one : collisions) {
    if (notes.size() == notes_max) {
      notes.push_back(fmt::format("{} more keys have names with a suffix", collisions.size() - notes_max));
      break;
    }
    notes.push_back(one.name.empty() ? fmt::format("the list \"{}\" is the table {}: another key has the name {}",
                                                   one.keys, one.apart, one.table)
                                     : fmt::format("the key \"{}\" of {} is the column {}: another key has the name {}",
                                                   one.keys, one.table, one.apart, one.name));
  }
  return notes;
}

/// What an earlier load added to its rows and its dataset does not describe this one.
std::vector<std::string> notes_on_left_out(const std::vector<std::string>& inputs,
                                           const normalize::SystemColumnSet& columns) {
  constexpr std::size_t inputs_named_max = 3;
  if (inputs.empty() && columns.none()) return {};
  std::string named;
  for (std::size_t i = 0; i < std::min(inputs.size(), inputs_named_max); ++i) {
    named += (i == 0 ? "" : ", ") + inputs[i];
  }
  if (inputs.size() > inputs_named_max) named += fmt::format(" and {} more", inputs.size() - inputs_named_max);
  std::string names;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i]) names += (names.empty() ? "" : ", ") + std::string(schema::system_column_names[i]);
  }
  if (!names.empty()) {
    named += fmt::format("{}the columns {} (--keep-dlt-columns takes them)", named.empty() ? "" : "; ", names);
  }
  return {"what an earlier load added is left out: " + named};
}

void report_bad_files(const normalize::DocumentSource& source, std::vector<InputReport>& reports) {
  for (std::size_t i = 0; i < reports.size(); ++i) {
    const std::optional<Error> fault = source.fault(i);
    if (!fault) continue;
    reports[i].fate = InputFate::bad;
    reports[i].notes.push_back(fault->message);
  }
}

std::uint64_t sum(const std::vector<std::uint64_t>& counts) {
  std::uint64_t total = 0;
  for (const std::uint64_t count : counts) total += count;
  return total;
}

/// What the run says of its root tables goes into the schema before anything is shaped.
Status set_hints(const RunRequest& run, schema::Schema& schema, const std::vector<std::string>& roots,
                 normalize::NormalizeOptions& options) {
  set_primary_keys(schema, roots, run.options.primary_key, options.shape, options.write_disposition);
  if (Status set = set_dispositions(schema, roots, run.options, options.shape); !set) return set;
  for (const std::string& root : roots) {
    if (const auto strategy = strategy_of(schema, root)) {
      if (Status able = check_merge_strategy(run, *strategy); !able) return able;
    }
    const auto known = options.shape.roots.find(root);
    if (known == options.shape.roots.end()) continue;
    known->second.root_key = schema.propagates_root_id(root);
    if (!run.destination.capabilities().merge_strategies.empty()) set_row_ids(schema, root, known->second);
  }
  return {};
}

/// One run of the extract step over a package that is being written.
class Extraction {
 public:
  Extraction(ExtractRequest& request, InputChoice& choice, Report& report)
      : request_(request), run_(request.run), choice_(choice), report_(report), before_(request.memory.schema) {}

  Result<std::optional<ledger::PackageRecord>> run() {
    Result<std::string> load_id = request_.ledger.new_load_id();
    if (!load_id) return fail(std::move(load_id.error()));
    load_id_ = std::move(*load_id);
    Result<normalize::NormalizeOptions> options = normalize_options(run_, request_.memory, load_id_, request_.progress);
    if (!options) return fail(std::move(options.error()));
    options_ = std::move(*options);
    roots_ = root_tables(options_, choice_.reports);
    add_notes(report_, notes_on_merged(request_.memory.schema, roots_, run_.options));
    inputs_of_new_tables_ = inputs_of_new_tables(request_.memory.schema, options_.inputs);
    if (Status hinted = set_hints(run_, request_.memory.schema, roots_, options_); !hinted) {
      return fail(std::move(hinted.error()));
    }

    forget_progress(run_, request_.memory.state);
    if (Status told = run_.source->go_on_from(request_.memory.state); !told) return fail(std::move(told.error()));
    Result<normalize::NormalizeSummary> summary =
        shape_until_settled(run_, request_.memory, options_, settled_, [this] { return shape_into_new_package(); });
    if (!summary) return fail(std::move(summary.error()));
    report_bad_files(*run_.source, choice_.reports);
    Result<std::vector<ledger::InputRecord>> inputs = describe_inputs(*summary);
    if (!inputs) return fail(std::move(inputs.error()));
    const std::uint64_t documents = sum(summary->documents);
    if (Status few = rejected_->check(documents); !few) return fail(std::move(few.error()));
    report_.duplicate_keys += summary->duplicate_keys;
    add_notes(report_, notes_on_long_numbers(summary->numbers_as_text));
    add_notes(report_, notes_on_collisions(summary->collisions));
    add_notes(report_, notes_on_left_out(run_.source->left_out(), summary->system_columns_left_out));
    if (Status filled = check_replaced(run_.options, roots_, options_.inputs, *summary, choice_.reports); !filled)
      return fail(std::move(filled.error()));
    if (documents == 0) {
      if (Status has_rows = check_has_rows(run_.options, choice_.reports); !has_rows)
        return fail(std::move(has_rows.error()));
    }
    if (documents == 0 && rejected_->count() == 0 && !empties_tables()) return std::nullopt;
    complete_root_tables();
    keep_contracts(run_.options, roots_, request_.memory.schema);
    add_notes(report_, notes_on_dropped(request_.memory));
    hand_on_dropped(request_.memory, roots_, request_.memory.schema);
    if (Status all = check_all_are_there(options_.inputs, *summary); !all) return fail(std::move(all.error()));
    if (Status keys = check_only_keys(run_.options, request_.memory.schema, roots_, *summary); !keys)
      return fail(std::move(keys.error()));
    if (Status good = check_tables_there(run_.dataset, request_.memory, *summary, settled_); !good)
      return fail(std::move(good.error()));
    if (Status same = check_no_change(run_.options, before_, request_.memory, settled_, *summary); !same)
      return fail(std::move(same.error()));
    Result<std::optional<ledger::PackageRecord>> sealed = seal(*writer_, documents, *inputs);
    if (!sealed) return sealed;
    report_rows(*summary, request_.memory.schema, report_);
    report_variants(run_, *summary, options_, report_);
    report_settled(settled_, options_, report_);
    report_.discarded = discard_reports(*summary, options_.inputs);
    report_.rejects = rejected_->first();
    add_notes(report_,
              notes_on_unmet_hints(run_.options.columns, request_.memory.schema, roots_, options_.shape.naming));
    return sealed;
  }

 private:
  /// An input without rows replaces what is there as well, where that is allowed.
  bool empties_tables() const { return run_.options.empties_tables() && !roots_.empty(); }

  /// Says of the root tables what dlt says of those that its resources fill.
  void complete_root_tables() {
    schema::Schema& schema = request_.memory.schema;
    for (const std::size_t input : inputs_of_new_tables_) {
      // A resource has the name as it was given; dlt keeps its state under it.
      schema::Table* table = schema.tables.find(options_.inputs[input].table);
      if (table != nullptr) table->resource = run_.source->inputs()[input].table;
    }
    for (const std::string& root : roots_) {
      if (options_.shape.of_root(root).root_key) schema.propagate_root_id(root);
    }
  }

  Result<normalize::NormalizeSummary> shape_into_new_package() {
    if (writer_) {
      if (Status removed = writer_->discard(); !removed) return fail(std::move(removed.error()));
    }
    // Who takes rows in batches is given those of a table as one file, as far as its size allows.
    Result<package::PackageWriter> writer =
        package::PackageWriter::create(request_.paths.packages, load_id_,
                                       {.file_bytes = run_.destination.capabilities().recommended_file_size,
                                        .keeps_file = run_.destination.lane_options() != nullptr});
    if (!writer) return fail(std::move(writer.error()));
    writer_.emplace(std::move(*writer));
    request_.ledger.forget_set_aside();
    return shape_into(*writer_);
  }

  Result<normalize::NormalizeSummary> shape_into(package::PackageWriter& writer) {
    request_.progress.begin(Progress::Stage::extract, load_id_, {.bytes = bytes_total()});
    // The letters of a replay are kept already.
    rejected_.emplace(run_.options, options_.inputs, DocumentPrimaryKeys(request_.memory.schema, options_.shape),
                      run_.replay == nullptr ? &request_.ledger : nullptr, run_.env);
    options_.take_rejected = [this](const normalize::RejectedDocument& document) {
      if (run_.replay != nullptr) run_.replay->reject(document);
      return rejected_->take(document);
    };
    const auto write = [&writer](std::string_view table, const ArrowSchema& schema, ArrowArray* batch) {
      return writer.append(table, schema, batch);
    };
    auto summary = normalize::normalize(
        options_, request_.memory.schema, [this] { return run_.source->next(); },
        [this](normalize::Chunk chunk) { run_.source->recycle(std::move(chunk)); }, write);
    if (summary) request_.progress.end_stage();
    return summary;
  }

  std::optional<std::uint64_t> bytes_total() const {
    const std::uint64_t bytes = bytes_to_read(*run_.source, choice_.reports);
    return bytes == 0 ? std::nullopt : std::optional(bytes);
  }

  /// The records of the inputs that were read, and the notes about them.
  Result<std::vector<ledger::InputRecord>> describe_inputs(const normalize::NormalizeSummary& summary) {
    std::vector<ledger::InputRecord> records;
    for (std::size_t i = 0; i < choice_.reports.size(); ++i) {
      InputReport& input = choice_.reports[i];
      if (!is_read(input.fate)) continue;
      const normalize::InputContent content = run_.source->content(i);
      input.documents = summary.documents[i];
      input.rejected = summary.left_out[i];
      input.bytes = content.bytes;
      report_.bytes_read += content.bytes;
      if (content.grew) input.notes.emplace_back("it grew while it was read; what was added is not loaded");
      if (std::string note = run_.source->note(i); !note.empty()) input.notes.push_back(std::move(note));
      const normalize::SourceInput& known = run_.source->inputs()[i];
      if (known.identity.empty()) continue;
      input.hash = content.hash;
      records.push_back({.path = known.identity,
                         .size = content.bytes,
                         .mtime_ns = known.mtime_ns,
                         .hash = content.hash,
                         .documents = input.documents,
                         .table = run_.source->inputs()[i].table});
      auto notes =
          request_.earlier.notes_on({.index = i, .record = records.back(), .run_key = input.run_key}, request_.loads);
      if (!notes) return fail(std::move(notes.error()));
      std::ranges::move(*notes, std::back_inserter(input.notes));
    }
    return records;
  }

  Result<std::optional<ledger::PackageRecord>> seal(package::PackageWriter& writer, std::uint64_t documents,
                                                    const std::vector<ledger::InputRecord>& inputs) {
    request_.progress.begin(Progress::Stage::seal, load_id_, {});
    schema::Schema& schema = request_.memory.schema;
    if (Status names = check_names(schema, run_.destination.capabilities()); !names)
      return fail(std::move(names.error()));
    if (Status state = add_state(writer); !state) return fail(std::move(state.error()));
    schema.bump();
    auto jobs = writer.finish();
    if (!jobs) return fail(std::move(jobs.error()));
    ledger::PackageRecord package{.load_id = load_id_,
                                  .run_id = request_.run_id,
                                  .destination = run_.destination.address(),
                                  .dataset = run_.dataset,
                                  .schema_name = schema.name,
                                  .schema_version_hash = schema.version_hash,
                                  .schema = schema.to_json(),
                                  .documents = documents,
                                  .rejected = rejected_->count(),
                                  .sealed_at = run_.env.now_us(),
                                  .jobs = std::move(*jobs),
                                  .is_replay = run_.replay != nullptr};
    if (run_.options.empties_tables()) package.replaced = roots_;
    package.altered = settled_.altered;
    const Status sealed = request_.ledger.seal(
        package, inputs,
        {.naming = std::string(name(options_.shape.naming.convention())), .document = request_.memory.state.text()},
        run_.replay == nullptr ? std::vector<ledger::ReplayedLetter>() : run_.replay->replayed());
    // After a failed seal the files stay: only the ledger, read again, can tell whether the package exists.
    if (!sealed) return fail(sealed.error());
    request_.progress.end_stage();
    return package;
  }

  Status add_state(package::PackageWriter& writer) {
    schema::PipelineState& state = request_.memory.state;
    schema::Schema& schema = request_.memory.schema;
    if (Status kept = run_.source->keep_progress(state); !kept) return kept;
    state.add_schema(schema.name);
    // A dlt that has the dataset's schema from before looks at the state to learn whether there is a newer one.
    if (request_.memory.state_is_stored && schema.is_edited()) state.announce_schema(schema.name, schema.version + 1);
    if (!state.bump() && request_.memory.state_is_stored) return {};
    if (schema.tables.find(schema::pipeline_state_table_name) == nullptr) {
      schema.tables.add(schema::pipeline_state_table()).mark_seen_data();
    }
    return write_state_row(
        {.state = state, .load_id = load_id_, .created_at_us = run_.env.now_us(), .seed = options_.seed},
        [&writer](std::string_view table, const ArrowSchema& description, ArrowArray* batch) {
          return writer.append(table, description, batch);
        });
  }

  ExtractRequest& request_;
  const RunRequest& run_;
  InputChoice& choice_;
  Report& report_;
  const schema::Schema before_;  ///< as the run began
  std::string load_id_;
  normalize::NormalizeOptions options_;
  std::optional<package::PackageWriter> writer_;
  std::optional<RejectedRows> rejected_;  ///< of these options and inputs
  SettledTypes settled_;
  std::vector<std::string> roots_;
  std::vector<std::size_t> inputs_of_new_tables_;
};

}  // namespace

int worker_count(const RunOptions& options) {
  if (options.workers > 0) return options.workers;
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

Result<std::optional<ledger::PackageRecord>> extract_and_seal(ExtractRequest request, InputChoice& choice,
                                                              Report& report) {
  return Extraction(request, choice, report).run();
}

Status shape_only(const RunRequest& run, DatasetMemory memory, ProgressMeter& progress, InputChoice& choice,
                  Report& report) {
  schema::Schema& schema = memory.schema;
  const schema::Schema before = schema;
  Result<normalize::NormalizeOptions> options = normalize_options(run, memory, "", progress);
  if (!options) return fail(std::move(options.error()));
  if (Status hinted = set_hints(run, schema, root_tables(*options, choice.reports), *options); !hinted) return hinted;
  progress.begin(Progress::Stage::extract, "", {});
  std::optional<RejectedRows> rejects;
  options->take_rejected = [&rejects](const normalize::RejectedDocument& document) { return rejects->take(document); };
  std::optional<FirstCallWatch> first_call;
  const auto forget = [&first_call](std::string_view table, const ArrowSchema& columns, ArrowArray* batch) {
    Status looked = first_call->look(table, columns, *batch);
    batch->release(batch);
    return looked;
  };
  forget_progress(run, memory.state);
  if (Status told = run.source->go_on_from(memory.state); !told) return told;
  SettledTypes settled;
  auto summary = shape_until_settled(run, memory, *options, settled, [&] {
    rejects.emplace(run.options, options->inputs, DocumentPrimaryKeys(schema, options->shape), nullptr, run.env);
    first_call.emplace(run.destination);
    return normalize::normalize(
        *options, schema, [&run] { return run.source->next(); },
        [&run](normalize::Chunk chunk) { run.source->recycle(std::move(chunk)); }, forget);
  });
  if (summary) progress.end_stage();
  if (!summary) return fail(std::move(summary.error()));
  const RejectedRows& rejected = *rejects;
  report_bad_files(*run.source, choice.reports);
  const std::vector<std::string> roots = root_tables(*options, choice.reports);
  Status good = check_replaced(run.options, roots, options->inputs, *summary, choice.reports);
  if (good) good = check_all_are_there(options->inputs, *summary);
  if (good) good = check_only_keys(run.options, schema, roots, *summary);
  add_notes(report, notes_on_merged(before, roots, run.options));
  add_notes(report, notes_on_dropped(memory));
  if (good) good = check_names(schema, run.destination.capabilities());
  if (good) good = check_tables_there(run.dataset, memory, *summary, settled);
  if (good) good = check_no_change(run.options, before, memory, settled, *summary);
  const std::uint64_t documents = sum(summary->documents);
  if (good) good = rejected.check(documents);
  if (!good) return good;
  Result<std::optional<FirstCall>> first = first_call->found(schema);
  if (!first) return fail(std::move(first.error()));
  report.first_call = std::move(*first);
  report_rows(*summary, schema, report);
  report_variants(run, *summary, *options, report);
  report_settled(settled, *options, report);
  report.discarded = discard_reports(*summary, options->inputs);
  add_notes(report, notes_on_unmet_hints(run.options.columns, schema, roots, options->shape.naming));
  for (TableReport& table : report.tables) {
    PlannedChange change = planned_change(*schema.tables.find(table.name), before, memory);
    table.created = change.is_created;
    table.new_columns = std::move(change.new_columns);
  }
  for (std::size_t i = 0; i < choice.reports.size(); ++i) {
    if (!is_read(choice.reports[i].fate)) continue;
    choice.reports[i].documents = summary->documents[i];
    choice.reports[i].rejected = summary->left_out[i];
    choice.reports[i].bytes = run.source->content(i).bytes;
    if (std::string note = run.source->note(i); !note.empty()) choice.reports[i].notes.push_back(std::move(note));
    report.bytes_read += choice.reports[i].bytes;
  }
  report.balance.in = documents + rejected.count();
  report.balance.rejected = rejected.count();
  report.rejects = rejected.first();
  report.duplicate_keys = summary->duplicate_keys;
  add_notes(report, notes_on_long_numbers(summary->numbers_as_text));
  add_notes(report, notes_on_collisions(summary->collisions));
  add_notes(report, notes_on_left_out(run.source->left_out(), summary->system_columns_left_out));
  return {};
}

}  // namespace outfall::pipeline
