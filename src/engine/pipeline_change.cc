// SPDX-License-Identifier: Apache-2.0
//
// Holds a pipeline, and brings what it remembers in line with its dataset, or drops resources of both.
#include "outfall/pipeline_change.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <regex>
#include <utility>

#include "base/counts.h"
#include "base/report_json.h"
#include "engine/pipeline_names.h"
#include "engine/registry.h"
#include "engine/shared_state.h"
#include "engine/sql_client_state.h"
#include "engine/target.h"
#include "ledger/data_dir.h"
#include "outfall/sql_client.h"
#include "pipeline/dataset_memory.h"
#include "pipeline/held_command.h"
#include "schema/schema.h"
#include "schema/table.h"
#include "sql/catalog.h"
#include "sql/dialect.h"
#include "sql/system_tables.h"

namespace outfall {
namespace {

using engine::usage_error;

/// A pipeline, as far as it is known, and where it goes.
struct Subject {
  std::string key;
  std::string data_dir;
  pipeline::SharedState shared;
  ledger::Binding binding;
  std::string word;  ///< of the destination, with what is secret in it
  std::unique_ptr<delivery::Destination> destination;
};

/// One that this data directory does not know is new to it.
Result<Subject> find_pipeline(const PipelineChangeOptions& options) {
  Result<engine::PipelinesFound> found =
      engine::find_pipelines({.data_dir = options.data_dir, .state = options.state}, options.pipeline);
  if (found && found->keys.size() > 1) {
    return fail(usage_error(fmt::format("{} pipelines are called '{}'", found->keys.size(), options.pipeline),
                            fmt::format("name one of them in full: {}", fmt::join(found->keys, ", "))));
  }
  if (found) {
    Subject subject{.key = found->keys.front(), .data_dir = found->data_dir, .shared = std::move(found->shared)};
    Result<std::optional<ledger::Binding>> binding = engine::remembered_binding(subject.data_dir, subject.key);
    if (!binding) return fail(std::move(binding.error()));
    subject.binding = std::move(*binding).value_or(ledger::Binding{.name = subject.key});
    return subject;
  }
  if (options.destination.empty() || found.error().blame != Blame::usage) {
    if (options.destination.empty())
      found.error().hint += "; one that was lost is found where it went: --to, --dataset";
    return fail(std::move(found.error()));
  }
  Result<std::string> data_dir = engine::find_data_dir(options.data_dir);
  if (!data_dir) return fail(std::move(data_dir.error()));
  Result<pipeline::SharedState> shared = engine::find_shared_state(options.state);
  if (!shared) return fail(std::move(shared.error()));
  return Subject{.key = options.pipeline,
                 .data_dir = std::move(*data_dir),
                 .shared = std::move(*shared),
                 .binding = {.name = options.pipeline}};
}

LockWait lock_wait(const PipelineChangeOptions& options) {
  return {.longest = options.lock_wait, .stop = options.stop, .begins = options.waiting};
}

Result<Subject> find_subject(const PipelineChangeOptions& options) {
  if (options.pipeline.empty()) return fail(usage_error("no pipeline was named", "outfall pipeline list shows them"));
  Result<Subject> subject = find_pipeline(options);
  if (!subject) return subject;
  ledger::Binding& binding = subject->binding;
  subject->word = !options.destination.empty() ? options.destination : binding.destination;
  if (subject->word.empty()) {
    return fail(usage_error(fmt::format("pipeline '{}' has no destination yet", options.pipeline),
                            "say with --to where its dataset is"));
  }
  const Result<std::string> word = engine::complete_address(subject->word, binding.name);
  if (!word) return fail(word.error());
  subject->word = *word;
  auto destination = engine::make_destination(
      subject->word, {.lock_wait = lock_wait(options), .pipeline = binding.name}, Env::system());
  if (!destination) return fail(std::move(destination.error()));
  subject->destination = std::move(*destination);
  if (!subject->destination->records_loads()) {
    return fail(
        usage_error(fmt::format("{} is no database, and keeps no state of a pipeline", subject->destination->address()),
                    "what pipelines of such destinations know is in their state store alone"));
  }
  binding.destination = subject->destination->address();
  binding.meaning = subject->destination->meaning();
  if (!options.dataset.empty()) binding.dataset = options.dataset;
  if (binding.dataset.empty()) binding.dataset = engine::usual_dataset(*subject->destination, binding.name);
  return subject;
}

/// What the dataset has of the pipeline, read.
struct DatasetSide {
  schema::Schema schema;
  std::string document;
  schema::PipelineState state;
};

Result<DatasetSide> read_dataset(const Subject& subject, const std::stop_token& stop) {
  const auto there = pipeline::remembered_at({.destination = *subject.destination,
                                              .dataset = subject.binding.dataset,
                                              .pipeline = subject.binding.name,
                                              .stop = stop});
  subject.destination->close();
  if (!there) return fail(there.error());
  if (there->is_empty() || there->state.empty()) {
    return fail(usage_error(
        fmt::format("the dataset {} at {} has {} of the pipeline {}", subject.binding.dataset,
                    subject.binding.destination, there->is_empty() ? "no schema" : "no state", subject.binding.name),
        "say with --to and --dataset where it has loaded; nothing was changed"));
  }
  Result<schema::Schema> schema = schema::Schema::parse(there->schema);
  if (!schema) return fail(std::move(schema.error()).in("read the stored schema of " + subject.binding.dataset));
  Result<schema::PipelineState> state = schema::PipelineState::parse(there->state);
  if (!state) return fail(std::move(state.error()).in("read the stored state of " + subject.binding.name));
  return DatasetSide{.schema = std::move(*schema), .document = there->schema, .state = std::move(*state)};
}

Status check_nothing_pending(ledger::Ledger& ledger, std::string_view act) {
  const auto pending = ledger.pending();
  if (!pending) return fail(pending.error());
  if (pending->empty()) return {};
  return fail(usage_error(
      fmt::format("{} {} for the destination, and {} would go behind {}", counted(pending->size(), "package"),
                  pending->size() == 1 ? "waits" : "wait", act, pending->size() == 1 ? "it" : "them"),
      "outfall resume delivers them; outfall package drop forgets one"));
}

Status remember(ledger::Ledger& ledger, const schema::Schema& schema, const std::string& document,
                const schema::PipelineState& state) {
  const Result<NamingConvention> naming = schema.naming();
  if (!naming) return fail(naming.error());
  return ledger.remember({.name = schema.name,
                          .version_hash = schema.version_hash,
                          .document = document,
                          .naming = std::string(name(*naming))},
                         state.text());
}

Status take_over(ledger::Ledger& ledger, const DatasetSide& there, SyncedPipeline& synced) {
  const Result<std::string> stored = ledger.stored_state();
  if (!stored) return fail(stored.error());
  synced.state_version = there.state.version();
  if (!stored->empty()) {
    const Result<schema::PipelineState> here = schema::PipelineState::parse(*stored);
    if (!here) return fail(here.error());
    synced.state_version_before = here->version();
    if (here->version() > there.state.version()) {
      synced.state_version = here->version();
      synced.notes.push_back(
          fmt::format("the state here is newer (version {}) than that of the dataset (version {}), and stays",
                      here->version(), there.state.version()));
      return {};
    }
  }
  const auto schema_here = ledger.stored_schema();
  if (!schema_here) return fail(schema_here.error());
  const bool is_same =
      *schema_here && (*schema_here)->version_hash == there.schema.version_hash && *stored == there.state.text();
  if (is_same) return {};
  synced.changed = true;
  return remember(ledger, there.schema, there.document, there.state);
}

/// Holds the pipeline for an act on it.
Result<std::vector<std::string>> hold_for(const Subject& subject, const PipelineChangeOptions& options,
                                          const std::string& command, const pipeline::CommandAct& act) {
  return pipeline::run_held_command({.key = subject.key,
                                     .data_dir = subject.data_dir,
                                     .binding = subject.binding,
                                     .lock_wait = lock_wait(options),
                                     .command = command,
                                     .shared = subject.shared,
                                     .env = Env::system()},
                                    act);
}

}  // namespace

Result<SyncedPipeline> sync_pipeline(const PipelineChangeOptions& options) {
  const Result<Subject> subject = find_subject(options);
  if (!subject) return fail(subject.error());
  const Result<DatasetSide> there = read_dataset(*subject, options.stop);
  if (!there) return fail(there.error());
  SyncedPipeline synced{.pipeline = subject->key,
                        .data_dir = subject->data_dir,
                        .destination = subject->binding.destination,
                        .dataset = subject->binding.dataset,
                        .schema = there->schema.name,
                        .schema_version = there->schema.version};
  Result<std::vector<std::string>> notes =
      hold_for(*subject, options, "pipeline sync " + options.pipeline,
               [&](pipeline::HeldPipeline& held, const std::string&, std::vector<std::string>&) {
                 Status free = check_nothing_pending(held.ledger, "what is fetched");
                 return free ? take_over(held.ledger, *there, synced) : free;
               });
  if (!notes) return fail(std::move(notes.error()));
  if (!synced.state_version_before && synced.changed)
    synced.notes.emplace_back("which inputs were loaded is not known here: every input counts as new");
  synced.notes.insert(synced.notes.end(), notes->begin(), notes->end());
  return synced;
}

namespace {

/// Which resources the options mean.
///
/// Errors: usage: one is not known; an expression is none.
Result<std::vector<std::string>> chosen_resources(const DropOptions& options, const std::vector<std::string>& known) {
  if (options.all != options.resources.empty()) {
    return fail(usage_error(options.all ? "resources are named, and all are asked for" : "no resource was named",
                            fmt::format("name some, or --all; there are {}", fmt::join(known, ", "))));
  }
  if (options.all) return known;
  std::vector<std::string> chosen;
  for (const std::string& word : options.resources) {
    std::vector<std::string> found;
    constexpr std::string_view expression = "re:";
    if (word.starts_with(expression)) try {
        const std::regex wanted(word.substr(expression.size()));
        std::ranges::copy_if(known, std::back_inserter(found),
                             [&](const std::string& one) { return std::regex_match(one, wanted); });
      } catch (const std::regex_error& error) {
        return fail(usage_error(fmt::format("'{}' is no regular expression: {}", word, error.what()), ""));
      }
    else if (std::ranges::find(known, word) != known.end())
      found.push_back(word);
    if (found.empty()) {
      return fail(usage_error(fmt::format("the pipeline has no resource {}", word),
                              known.empty() ? "it has none" : fmt::format("there are {}", fmt::join(known, ", "))));
    }
    for (std::string& one : found) {
      if (std::ranges::find(chosen, one) == chosen.end()) chosen.push_back(std::move(one));
    }
  }
  return chosen;
}

Json* resource_states(schema::PipelineState& state, const std::string& source) {
  Json* sources = state.document().find("sources");
  Json* own = sources == nullptr ? nullptr : sources->find(source);
  return own == nullptr ? nullptr : own->find("resources");
}

/// What dropping comes to: the plan, and what is left behind it.
struct Dropping {
  DropPlan plan;
  schema::Schema schema;
  schema::PipelineState state;
};

Result<Dropping> plan_of(const Subject& subject, const DropOptions& options, const DatasetSide& there) {
  Dropping dropping{
      .plan = {.pipeline = subject.key, .destination = subject.binding.destination, .dataset = subject.binding.dataset},
      .schema = there.schema,
      .state = there.state};
  std::vector<std::string> known;
  for (const schema::Table& table : there.schema.tables) {
    if (table.parent.empty() && !schema::is_system_name(table.name) &&
        std::ranges::find(known, table.resource) == known.end())
      known.push_back(table.resource);
  }
  Result<std::vector<std::string>> chosen = chosen_resources(options, known);
  if (!chosen) return fail(std::move(chosen.error()));
  dropping.plan.resources = std::move(*chosen);
  const auto is_chosen = [&](const schema::Table& table) {
    const schema::Table* root = there.schema.tables.find(there.schema.root_of(table.name));
    return !options.state_only && root != nullptr && !schema::is_system_name(table.name) &&
           std::ranges::find(dropping.plan.resources, root->resource) != dropping.plan.resources.end();
  };
  for (const schema::Table& table : there.schema.tables) {
    if (is_chosen(table)) dropping.plan.tables.push_back({.name = table.name});
  }
  dropping.schema.tables.remove_if(is_chosen);
  dropping.schema.bump();
  if (Json* states = resource_states(dropping.state, there.schema.name)) {
    for (const std::string& resource : dropping.plan.resources) {
      if (states->find(resource) == nullptr) continue;
      dropping.plan.states.push_back(fmt::format("sources.{}.resources.{}", there.schema.name, resource));
      states->erase(resource);
    }
  }
  if (!dropping.plan.tables.empty()) dropping.state.announce_schema(dropping.schema.name, dropping.schema.version);
  dropping.state.bump();
  return dropping;
}

SqlResult<SqlClient> open_client(const Subject& subject, QueryAccess access, const std::stop_token& stop) {
  return SqlClient::open(
      {.destination = subject.word, .dataset = subject.binding.dataset, .access = access, .stop = stop});
}

SqlStatus count_rows(SqlClient& client, std::vector<DroppedTable>& tables) {
  for (DroppedTable& table : tables) {
    const auto rows =
        client.execute_sql(fmt::format("SELECT count(*) FROM {}", client.make_qualified_table_name(table.name)));
    if (!rows && rows.error().kind == SqlErrorKind::undefined_relation) continue;
    if (!rows) return std::unexpected(rows.error());
    table.rows = static_cast<std::uint64_t>((*rows)[0].get<std::int64_t>(0).value_or(0));
  }
  return {};
}

/// The statements of a drop, in a transaction of the client.
class DropStatements {
 public:
  DropStatements(SqlClient& client, const Subject& subject, const Dropping& dropping)
      : client_(client), subject_(subject), dropping_(dropping) {}

  SqlStatus run() {
    SqlStatus done = drop_tables();
    if (done && !dropping_.plan.tables.empty()) done = store_schema();
    if (done) done = store_state();
    return done ? store_load() : done;
  }

 private:
  SqlStatus execute(const std::string& statement, std::span<const Value> values = {}) {
    const auto done = client_.execute_sql(statement, values);
    return done ? SqlStatus() : std::unexpected(done.error());
  }

  /// Nested ones first, since they come behind in a schema.
  SqlStatus drop_tables() {
    for (auto table = dropping_.plan.tables.rbegin(); table != dropping_.plan.tables.rend(); ++table) {
      if (!table->rows) continue;
      if (SqlStatus dropped = execute("DROP TABLE " + client_.make_qualified_table_name(table->name)); !dropped)
        return dropped;
    }
    return {};
  }

  SqlStatus store_schema() {
    const std::string table = client_.make_qualified_table_name(schema::version_table_name);
    const std::string document = dropping_.schema.to_json();
    const Value name[] = {std::string_view(dropping_.schema.name)};
    if (SqlStatus gone = execute(fmt::format(R"(DELETE FROM {} WHERE "schema_name" = %s)", table), name); !gone)
      return gone;
    const Value values[] = {dropping_.schema.version,
                            schema::schema_engine_version,
                            Timestamp{.at = now_},
                            std::string_view(dropping_.schema.name),
                            std::string_view(dropping_.schema.version_hash),
                            std::string_view(document)};
    return execute(
        fmt::format(
            R"(INSERT INTO {} ("version", "engine_version", "inserted_at", "schema_name", "version_hash", "schema") )"
            "VALUES (%s, %s, %s, %s, %s, %s)",
            table),
        values);
  }

  SqlStatus store_state() {
    constexpr std::size_t row_id_bytes = 7;
    const std::string packed = dropping_.state.stored_text();
    const std::string row_id = random_hex(Env::system(), row_id_bytes);
    const std::string hash(dropping_.state.version_hash());
    const Value values[] = {dropping_.state.version(),
                            schema::state_engine_version,
                            std::string_view(dropping_.state.pipeline_name()),
                            std::string_view(packed),
                            Timestamp{.at = now_},
                            std::string_view(hash),
                            std::string_view(dropping_.plan.load_id),
                            std::string_view(row_id)};
    return execute(
        fmt::format(R"(INSERT INTO {} ("version", "engine_version", "pipeline_name", "state", "created_at", )"
                    R"("version_hash", "_dlt_load_id", "_dlt_id") VALUES (%s, %s, %s, %s, %s, %s, %s, %s))",
                    client_.make_qualified_table_name(schema::pipeline_state_table_name)),
        values);
  }

  SqlStatus store_load() {
    const Value values[] = {std::string_view(dropping_.plan.load_id), std::string_view(dropping_.schema.name),
                            std::int64_t{0}, Timestamp{.at = now_}, std::string_view(dropping_.schema.version_hash)};
    return execute(fmt::format(R"(INSERT INTO {} ("load_id", "schema_name", "status", "inserted_at", )"
                               R"("schema_version_hash") VALUES (%s, %s, %s, %s, %s))",
                               client_.make_qualified_table_name(schema::loads_table_name)),
                   values);
  }

  SqlClient& client_;
  const Subject& subject_;
  const Dropping& dropping_;
  Time now_{std::chrono::microseconds(Env::system().now_us())};
};

}  // namespace

Result<DropPlan> plan_drop(const DropOptions& options) {
  const Result<Subject> subject = find_subject(options.pipeline);
  if (!subject) return fail(subject.error());
  const Result<DatasetSide> there = read_dataset(*subject, options.pipeline.stop);
  if (!there) return fail(there.error());
  Result<Dropping> dropping = plan_of(*subject, options, *there);
  if (!dropping) return fail(std::move(dropping.error()));
  auto client = open_client(*subject, QueryAccess::read_only, options.pipeline.stop);
  if (!client) return fail(Error(client.error()));
  if (SqlStatus counted = count_rows(*client, dropping->plan.tables); !counted) return fail(Error(counted.error()));
  return std::move(dropping->plan);
}

Result<DropPlan> drop_resources(const DropOptions& options) {
  const Result<Subject> subject = find_subject(options.pipeline);
  if (!subject) return fail(subject.error());
  DropPlan plan;
  const auto act = [&](pipeline::HeldPipeline& held, const std::string&, std::vector<std::string>&) -> Status {
    if (Status free = check_nothing_pending(held.ledger, "the drop"); !free) return free;
    const Result<DatasetSide> there = read_dataset(*subject, options.pipeline.stop);
    if (!there) return fail(there.error());
    Result<Dropping> dropping = plan_of(*subject, options, *there);
    if (!dropping) return fail(std::move(dropping.error()));
    Result<std::string> load_id = held.ledger.new_load_id();
    if (!load_id) return fail(std::move(load_id.error()));
    dropping->plan.load_id = std::move(*load_id);
    auto client = open_client(*subject, QueryAccess::write, options.pipeline.stop);
    if (!client) return fail(Error(client.error()));
    if (SqlStatus counted = count_rows(*client, dropping->plan.tables); !counted) return fail(Error(counted.error()));
    auto transaction = client->begin_transaction();
    if (!transaction) return fail(Error(transaction.error()));
    if (SqlStatus done = DropStatements(*client, *subject, *dropping).run(); !done)
      return fail(Error(done.error()).in("drop resources of " + subject->binding.name));
    if (SqlStatus committed = transaction->commit(); !committed) return fail(Error(committed.error()));
    plan = std::move(dropping->plan);
    // Killed here, the next run or sync finds it in the dataset.
    return remember(held.ledger, dropping->schema, dropping->schema.to_json(), dropping->state);
  };
  Result<std::vector<std::string>> notes =
      hold_for(*subject, options.pipeline, "pipeline drop " + options.pipeline.pipeline, act);
  if (!notes) return fail(std::move(notes.error()));
  plan.notes = std::move(*notes);
  return plan;
}

std::string to_json(const SyncedPipeline& synced) {
  Json out = Json::object();
  out.set("pipeline", synced.pipeline);
  out.set("data_dir", synced.data_dir);
  out.set("destination", synced.destination);
  out.set("dataset", synced.dataset);
  out.set("schema", synced.schema);
  out.set("schema_version", synced.schema_version);
  out.set("state_version", synced.state_version);
  out.set("state_version_before", synced.state_version_before ? Json(*synced.state_version_before) : Json());
  out.set("changed", synced.changed);
  out.set("notes", list_json(synced.notes, [](const std::string& note) { return Json(note); }));
  return to_json(out);
}

std::string to_json(const DropPlan& plan) {
  const auto text = [](const std::string& one) { return Json(one); };
  Json out = Json::object();
  out.set("pipeline", plan.pipeline);
  out.set("destination", plan.destination);
  out.set("dataset", plan.dataset);
  out.set("resources", list_json(plan.resources, text));
  out.set("tables", list_json(plan.tables, [](const DroppedTable& table) {
            Json one = Json::object();
            one.set("name", table.name);
            one.set("rows", count_json(table.rows));
            return one;
          }));
  out.set("states", list_json(plan.states, text));
  out.set("load_id", text_or_null(plan.load_id));
  out.set("notes", list_json(plan.notes, text));
  return to_json(out);
}

}  // namespace outfall
