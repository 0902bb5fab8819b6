// SPDX-License-Identifier: Apache-2.0
#include "pipeline/rehearsal.h"
#include "pipeline/promise.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "base/counts.h"
#include "ledger/ledger.h"
#include "pipeline/adopted_tables.h"
#include "pipeline/dataset_memory.h"
#include "pipeline/earlier_loads.h"
#include "pipeline/extract.h"
#include "pipeline/input_fates.h"
#include "pipeline/merge_hints.h"
#include "pipeline/package_jobs.h"
#include "pipeline/rejected_rows.h"

namespace outfall::pipeline {
namespace {

/// The ledger for reading. None: the pipeline has not run yet.
Result<std::optional<ledger::Ledger>> look_into_ledger(const RunRequest& request) {
  const Result<ledger::PipelinePaths> paths = ledger::pipeline_paths(request.data_dir, request.key);
  if (!paths) return fail(paths.error());
  const auto bound = ledger::Ledger::binding_at(paths->database);
  if (!bound) return fail(bound.error());
  if (!*bound) return std::nullopt;
  Result<ledger::Ledger> ledger = ledger::Ledger::open_read_only(paths->database);
  if (!ledger) return fail(std::move(ledger.error()));
  Status same = ledger->check_binding({.name = request.name,
                                       .destination = request.destination.address(),
                                       .dataset = request.dataset,
                                       .meaning = request.destination.meaning(),
                                       .is_new_address = request.options.new_address});
  if (!same) return fail(std::move(same.error()));
  return std::move(*ledger);
}

std::string pending_note(const std::vector<ledger::PackageRecord>& pending) {
  std::uint64_t documents = 0;
  for (const ledger::PackageRecord& package : pending) {
    const Result<DocumentCounts> counts = document_counts(package);
    documents += counts ? counts->pending : package.documents;
  }
  return fmt::format("{} {} pending and would be delivered first, with {}", counted(pending.size(), "package"),
                     pending.size() == 1 ? "is" : "are", counted(documents, "document"));
}

Status add_notes(const RunRequest& request, const EarlierLoads& earlier, LoadsThere& loads, InputChoice& choice) {
  for (std::size_t i = 0; i < choice.reports.size(); ++i) {
    const normalize::SourceInput& input = request.source->inputs()[i];
    if (!is_read(choice.reports[i].fate) || input.identity.empty()) continue;
    const normalize::InputContent content = request.source->content(i);
    const ledger::InputRecord record{
        .path = input.identity, .size = content.bytes, .hash = content.hash, .documents = choice.reports[i].documents};
    auto notes = earlier.notes_on({.index = i, .record = record, .run_key = choice.reports[i].run_key}, loads);
    if (!notes) return fail(std::move(notes.error()));
    std::ranges::move(*notes, std::back_inserter(choice.reports[i].notes));
  }
  return {};
}

/// The tables that a replacement of these roots would empty, as the schema knows them.
std::vector<const schema::Table*> emptied_tables(const schema::Schema& before, const Report& report) {
  std::set<std::string> chain;
  for (const TableReport& table : report.tables) {
    if (table.parent.empty()) chain.insert(table.name);
  }
  std::vector<const schema::Table*> emptied;
  // Parents stand before their children in a schema.
  for (const schema::Table& table : before.tables) {
    if (!chain.contains(table.name) && !chain.contains(table.parent)) continue;
    chain.insert(table.name);
    if (table.seen_data()) emptied.push_back(&table);
  }
  return emptied;
}

TableReport& report_of(const schema::Table& table, Report& report) {
  const auto known = std::ranges::find(report.tables, table.name, &TableReport::name);
  if (known != report.tables.end()) return *known;
  report.tables.push_back({.name = table.name, .parent = table.parent, .plan = RowPlan{.remove = 0}});
  return report.tables.back();
}

/// What goes in and out of each table. Pending packages come before, and change what there is to remove.
Status plan_rows(const RunRequest& request, const schema::Schema& before, bool has_pending, Report& report) {
  for (TableReport& table : report.tables) {
    table.plan = RowPlan{.add = table.rows, .remove = 0};
    // How many rows have the same keys nobody has looked for.
    const std::string root(before.root_of(table.name));
    const WriteDisposition disposition = disposition_of(request.options, before, root);
    if (disposition == WriteDisposition::merge || disposition == WriteDisposition::remove) table.plan->remove.reset();
    if (disposition == WriteDisposition::remove) table.plan->add = 0;
  }
  if (!request.options.empties_tables()) return {};
  for (const schema::Table* table : emptied_tables(before, report)) report_of(*table, report);
  // Of those that the schema does not know some may be there all the same.
  for (TableReport& table : report.tables) {
    table.plan->remove.reset();
    if (has_pending) continue;
    const Result<std::uint64_t> rows = request.destination.count_rows(request.dataset, table.name);
    if (!rows) return fail(rows.error());
    table.plan->remove = *rows;
  }
  return {};
}

}  // namespace

Status rehearse(const RunRequest& request, ProgressMeter& progress, Report& report) {
  Status usable = request.destination.check_configuration(request.options.stop);
  if (usable) usable = check_asked(request);
  if (!usable) return usable;
  auto looked = look_into_ledger(request);
  if (!looked) return fail(std::move(looked.error()));
  ledger::Ledger* ledger = *looked ? &**looked : nullptr;
  bool has_pending = false;
  LoadsThere loads(request.destination, request.dataset, delivery::Inspection::only_look);
  InputChoice choice = choose_all(*request.source);
  if (ledger != nullptr) {
    const auto pending = ledger->pending();
    if (!pending) return fail(pending.error());
    has_pending = !pending->empty();
    if (has_pending) report.notes.push_back(pending_note(*pending));
    Result<InputChoice> chosen = choose_inputs(*request.source, *ledger, loads, input_question(request));
    if (!chosen) return fail(std::move(chosen.error()));
    choice = std::move(*chosen);
  }
  if (std::ranges::any_of(choice.reports, [](const InputReport& input) { return is_read(input.fate); })) {
    Result<DatasetMemory> memory = recall(request, ledger, has_pending, report.notes);
    if (!memory) return fail(std::move(memory.error()));
    const Status known = adopt_tables(request, choice, *memory, report.notes);
    if (!known && !has_pending) return known;
    const Result<schema::Naming> naming = naming_of(request, memory->schema);
    if (!naming) return fail(naming.error());
    const Result<EarlierLoads> earlier = EarlierLoads::find(request, ledger, *naming, loads);
    if (!earlier) return fail(earlier.error());
    request.destination.close();
    const schema::Schema before = memory->schema;
    if (Status shaped = shape_only(request, std::move(*memory), progress, choice, report); !shaped) return shaped;
    if (Status planned = plan_rows(request, before, has_pending, report); !planned) return planned;
    if (Status noted = add_notes(request, *earlier, loads, choice); !noted) return noted;
  }
  report.inputs = std::move(choice.reports);
  return check_has_rows(request.options, report.inputs);
}

}  // namespace outfall::pipeline
