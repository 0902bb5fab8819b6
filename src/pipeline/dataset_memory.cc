// SPDX-License-Identifier: Apache-2.0
#include "pipeline/dataset_memory.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "ledger/data_dir.h"
#include "schema/naming.h"
#include "schema/stored_text.h"

namespace outfall::pipeline {
namespace {

/// dlt's name for the kind of destination, for its clients that read the state.
std::string_view destination_type(const delivery::Destination& destination) {
  const std::string& own = destination.capabilities().dlt_type;
  return own.empty() ? std::string_view("dlt.destinations.dummy") : own;
}

Result<Remembered> from_ledger(ledger::Ledger& ledger) {
  Remembered remembered;
  Result<std::optional<ledger::StoredSchema>> schema = ledger.stored_schema();
  if (!schema) return fail(std::move(schema.error()));
  Result<std::string> state = ledger.stored_state();
  if (!state) return fail(std::move(state.error()));
  if (*schema) remembered.schema = std::move((*schema)->document);
  remembered.state = std::move(*state);
  return remembered;
}

std::string gone_note(const RunRequest& request, std::string_view consequence) {
  return fmt::format("{} is no longer at {}: {}", request.dataset, request.destination.address(), consequence);
}

/// The folder of a pipeline that goes by the same name at the same dataset: it was not named, or has another name here.
std::string key_of_namesake(const RunRequest& request) {
  const Result<std::vector<std::string>> keys = ledger::list_pipelines(request.data_dir);
  for (const std::string& key : keys ? *keys : std::vector<std::string>()) {
    const Result<ledger::PipelinePaths> paths = ledger::pipeline_paths(request.data_dir, key);
    if (key == request.key || !paths) continue;
    const auto binding = ledger::Ledger::binding_at(paths->database);
    const bool is_same = binding && *binding && (*binding)->name == request.name &&
                         (*binding)->dataset == request.dataset &&
                         (*binding)->destination == request.destination.address();
    if (is_same) return key;
  }
  return "";
}

/// The state store was lost, or the dataset was made elsewhere: by dlt, or on another machine.
std::string unknown_loads_note(const RunRequest& request) {
  if (const std::string key = key_of_namesake(request); !key.empty()) {
    return fmt::format(
        "{} at {} has loads of the pipeline {} of this data directory, which goes by the same name there: every input "
        "counts as new, and may come twice. --pipeline {} goes on with that one",
        request.dataset, request.destination.address(), key, key);
  }
  return fmt::format(
      "{} at {} has earlier loads of this pipeline, and this data directory does not know which inputs "
      "they took: every input counts as new. Another one is named with --data-dir",
      request.dataset, request.destination.address());
}

Result<Remembered> choose(const RunRequest& request, ledger::Ledger* ledger, bool has_pending,
                          std::vector<std::string>& notes) {
  if (ledger != nullptr && has_pending) return from_ledger(*ledger);
  Result<Remembered> there = remembered_at({.destination = request.destination,
                                            .dataset = request.dataset,
                                            .pipeline = request.name,
                                            .inspection = inspection_of(request),
                                            .stop = request.options.stop});
  if (!there) return there;
  Result<Remembered> here = ledger == nullptr ? Remembered{} : from_ledger(*ledger);
  if (!here) return here;
  if (!there->is_empty()) {
    if (here->is_empty()) {
      const auto loads =
          request.destination.recorded_loads(request.dataset, there->schema_name, inspection_of(request));
      if (!loads) return fail(loads.error());
      if (!loads->empty()) notes.push_back(unknown_loads_note(request));
    }
    return there;
  }
  if (here->is_empty() || !request.destination.records_loads()) return here;
  notes.push_back(gone_note(request, "schema and state begin anew"));
  if (request.options.dry_run) return Remembered{};
  if (Status reset = ledger->reset_schema(); !reset) return fail(std::move(reset.error()));
  return Remembered{};
}

/// The name that one has under another convention.
std::string renamed(const schema::Naming& from, const schema::Naming& to, std::string_view name) {
  std::vector<std::string> parts;
  for (const std::string_view part : from.break_path(name)) parts.push_back(to.normalize_identifier(part));
  const std::vector<std::string_view> views(parts.begin(), parts.end());
  return to.shorten_fragments(views);
}

/// `Name -> name`: what would be called otherwise, the first of them.
std::string renames(const schema::Schema& schema, const schema::Naming& from, const schema::Naming& to) {
  constexpr std::size_t shown_max = 10;
  std::vector<std::string> told;
  for (const schema::Table& table : schema.tables) {
    if (schema::is_system_name(table.name)) continue;
    const auto tell = [&](const std::string& where, const std::string& name) {
      std::string other = renamed(from, to, name);
      if (other != name) told.push_back(fmt::format("{}{} -> {}", where, name, other));
    };
    tell("", table.name);
    for (const schema::Column& column : table.columns) {
      if (!schema::is_system_name(column.name)) tell(table.name + ".", column.name);
    }
  }
  if (told.empty()) return "no name that is there would change, but keys to come may get others";
  const std::size_t more = told.size() - std::min(told.size(), shown_max);
  told.resize(told.size() - more);
  return fmt::format("{}{}", fmt::join(told, ", "), more == 0 ? "" : fmt::format(" and {} more", more));
}

/// A table of data that has rows at the destination, or that only the destination could tell of. Empty: none has.
Result<std::string> table_with_rows(const RunRequest& request, const schema::Schema& schema, bool has_pending) {
  for (const schema::Table& table : schema.tables) {
    if (schema::is_system_name(table.name) || !table.seen_data()) continue;
    if (has_pending || !request.destination.records_loads()) return table.name;
    const Result<std::uint64_t> rows = request.destination.count_rows(request.dataset, table.name);
    if (!rows) return fail(rows.error());
    if (*rows > 0) return table.name;
  }
  return std::string();
}

/// Another convention is followed from now on by a dataset whose tables are empty: what they are called and have does
/// not matter, and they are to this run as if somebody else had made them.
Status change_naming(const RunRequest& request, bool has_pending, schema::Schema& schema,
                     std::vector<std::string>& notes) {
  const Result<NamingConvention> stored = schema.naming();
  if (!stored) return fail(stored.error());
  if (!request.options.naming || *request.options.naming == *stored) return {};
  const NamingConvention asked = *request.options.naming;
  const Result<std::string> filled = table_with_rows(request, schema, has_pending);
  if (!filled) return fail(filled.error());
  if (filled->empty()) {
    schema.change_naming(asked);
    notes.push_back(
        fmt::format("{} follows the naming convention {} from now on, and no longer {}: its tables are empty",
                    request.dataset, name(asked), name(*stored)));
    return {};
  }
  const auto limit = request.destination.capabilities().name_length_max();
  return fail(Error{
      .message = fmt::format("the dataset {} follows the naming convention {}, and {} was asked for; {} has rows, and "
                             "these names would change: {}",
                             request.dataset, name(*stored), name(asked), *filled,
                             renames(schema, schema::Naming(*stored, limit), schema::Naming(asked, limit))),
      .hint = "leave --naming out, or load into another --dataset",
      .blame = Blame::usage});
}

/// None without a ledger.
Result<std::vector<ledger::TableColumn>> columns_to_alter(ledger::Ledger* ledger) {
  std::vector<ledger::TableColumn> columns;
  if (ledger == nullptr) return columns;
  const Result<std::vector<ledger::PackageRecord>> pending = ledger->pending();
  if (!pending) return fail(pending.error());
  for (const ledger::PackageRecord& package : *pending) {
    for (const ledger::AlteredColumn& altered : package.altered) {
      if (altered.load_id == package.load_id) columns.push_back(altered.column);
    }
  }
  return columns;
}

/// What the dataset remembers of one of its schemas. None: there is no dataset.
Result<std::optional<Remembered>> look(const MemoryPlace& place, const std::string& schema_name) {
  auto dataset = place.destination.inspect({.dataset = place.dataset,
                                            .schema_name = schema_name,
                                            .pipeline = place.pipeline,
                                            .inspection = place.inspection,
                                            .stop = place.stop});
  if (!dataset) return fail(std::move(dataset.error()));
  if (!*dataset) return std::nullopt;
  Remembered remembered;
  if ((*dataset)->state) {
    Result<schema::PipelineState> state = schema::PipelineState::restore((*dataset)->state->state);
    if (!state) return fail(std::move(state.error()).in("read the pipeline state of " + place.dataset));
    remembered.state = state->text();
    if (const Json* name = state->document().find("default_schema_name");
        name != nullptr && name->as_string() != nullptr) {
      remembered.schema_name = *name->as_string();
    }
  }
  if ((*dataset)->schema) {
    Result<std::string> document = schema::unpack_text((*dataset)->schema->document);
    if (!document) return fail(std::move(document.error()).in("read the schema of " + place.dataset));
    remembered.schema = std::move(*document);
  }
  return remembered;
}

}  // namespace

Result<Remembered> remembered_at(const MemoryPlace& place) {
  const std::string usual_name = schema::default_schema_name(place.pipeline);
  Result<std::optional<Remembered>> found = look(place, usual_name);
  // Whoever made the dataset may have called its schema otherwise; the state says so.
  if (found && *found && !(*found)->schema_name.empty() && (*found)->schema_name != usual_name) {
    found = look(place, (*found)->schema_name);
  }
  if (!found) return fail(std::move(found.error()));
  return *found ? std::move(**found) : Remembered{};
}

delivery::Inspection inspection_of(const RunRequest& request) {
  return request.options.dry_run ? delivery::Inspection::only_look : delivery::Inspection::before_a_load;
}

Result<DatasetMemory> recall(const RunRequest& request, ledger::Ledger* ledger, bool has_pending,
                             std::vector<std::string>& notes) {
  const Result<Remembered> remembered = choose(request, ledger, has_pending, notes);
  if (!remembered) return fail(remembered.error());
  const std::string schema_name = schema::default_schema_name(request.name);

  Result<schema::Schema> schema =
      remembered->is_empty()
          ? schema::Schema::make(schema_name,
                                 request.options.naming.value_or(request.destination.capabilities().naming))
          : schema::Schema::parse(remembered->schema);
  if (!schema) return fail(std::move(schema.error()).in("read the stored schema of " + request.dataset));
  if (Status same = change_naming(request, has_pending, *schema, notes); !same) return fail(std::move(same.error()));
  if (request.options.max_table_nesting) schema->set_max_nesting(*request.options.max_table_nesting);

  Result<std::vector<ledger::TableColumn>> to_alter = columns_to_alter(has_pending ? ledger : nullptr);
  if (!to_alter) return fail(std::move(to_alter.error()));
  if (remembered->state.empty()) {
    return DatasetMemory{
        .schema = std::move(*schema),
        .state = schema::PipelineState::make({.pipeline_name = request.name,
                                              .dataset_name = request.dataset,
                                              .default_schema_name = schema_name,
                                              .destination_type = destination_type(request.destination)}),
        .to_alter = std::move(*to_alter)};
  }
  Result<schema::PipelineState> state = schema::PipelineState::parse(remembered->state);
  if (!state) return fail(std::move(state.error()).in("read the stored state of " + request.name));
  return DatasetMemory{.schema = std::move(*schema),
                       .state = std::move(*state),
                       .state_is_stored = true,
                       .to_alter = std::move(*to_alter)};
}

Status note_if_gone(const RunRequest& request, ledger::Ledger& ledger, std::size_t pending,
                    std::vector<std::string>& notes) {
  if (!request.destination.records_loads()) return {};
  const Result<std::vector<ledger::PackageRecord>> packages = ledger.packages(pending + 1);
  if (!packages) return fail(packages.error());
  if (packages->size() <= pending) return {};
  const auto dataset = request.destination.inspect({.dataset = request.dataset,
                                                    .schema_name = schema::default_schema_name(request.name),
                                                    .pipeline = request.name,
                                                    .inspection = delivery::Inspection::before_a_load});
  // What cannot be looked at is explained by the load, which tries again.
  if (dataset && !*dataset) notes.push_back(gone_note(request, "what was pending begins it anew"));
  return {};
}

}  // namespace outfall::pipeline
