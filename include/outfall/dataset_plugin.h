// SPDX-License-Identifier: Apache-2.0
//
// Makes a plugin (outfall/plugin.h) of a DatasetDestination:
//
//   OUTFALL_DATASET_PLUGIN(folder, std::make_unique<Folder>())
//
//   c++ -std=c++23 -shared -fPIC -fvisibility=hidden -I include folder.cc -o libfolder.so
//   outfall run users.jsonl --to 'plugin:./libfolder.so#folder'
//
// Headers alone: the library is not linked. What the class throws does not leave the plugin.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "outfall/dataset_destination.h"
#include "outfall/plugin.h"
#include "outfall/spellings.h"

#define OUTFALL_DATASET_PLUGIN(name, made)                                                             \
  extern "C" __attribute__((visibility("default"))) int name(std::uint32_t version,                    \
                                                             struct outfall_destination* destination) { \
    return outfall::detail::fill_in(version, destination, [] { return made; });                         \
  }

namespace outfall::detail {

inline Time time_of(std::int64_t microseconds) {
  return Time(std::chrono::microseconds(microseconds));
}
inline std::int64_t microseconds_of(Time time) {
  return time.time_since_epoch().count();
}

inline ColumnSchema column_of(const outfall_column& column) {
  return {.name = column.name,
          .type = read_word(data_types, column.data_type),
          .nullable = column.nullable != 0,
          .precision = column.precision < 0 ? std::nullopt : std::optional<int>(column.precision),
          .scale = column.scale < 0 ? std::nullopt : std::optional<int>(column.scale),
          .with_timezone = column.with_timezone != 0,
          .variant = column.variant != 0,
          .primary_key = column.primary_key != 0,
          .unique = column.unique != 0};
}

inline TablePlan table_of(const outfall_load_table& table) {
  TablePlan made{.schema = {.name = table.name,
                            .write_disposition =
                                read_word(write_dispositions, table.write_disposition).value_or(WriteDisposition::append),
                            .parent = table.parent,
                            .resource = table.resource,
                            .document = table.schema},
                 .changes = {.is_new = table.is_new != 0},
                 .is_replaced = table.is_replaced != 0};
  if (table.merge_strategy != nullptr) made.merge = read_word(merge_strategies, table.merge_strategy);
  for (std::uint64_t i = 0; i < table.column_count; ++i) {
    const outfall_column& column = table.columns[i];
    made.schema.columns.push_back(column_of(column));
    if (column.is_new != 0) made.changes.new_columns.emplace_back(column.name);
    if (column.from != nullptr)
      made.changes.retyped_columns.push_back({.name = column.name, .from = column.from, .to = column.to});
  }
  return made;
}

inline LoadPlan plan_of(const outfall_load& load) {
  const outfall_stored_schema& schema = *load.schema;
  LoadPlan plan{.dataset = load.dataset,
                .load_id = load.load_id,
                .schema = {.name = schema.name,
                           .version_hash = schema.version_hash,
                           .version = schema.version,
                           .engine_version = schema.engine_version,
                           .document = schema.document,
                           .stored_at = time_of(schema.stored_at)}};
  for (std::uint64_t i = 0; i < load.table_count; ++i) plan.tables.push_back(table_of(load.tables[i]));
  plan.dropped_tables.assign(load.dropped_tables, load.dropped_tables + load.dropped_count);
  return plan;
}

/// A job of the engine's.
class PluginJob final : public LoadJob {
 public:
  PluginJob(outfall_job* job, const LoadPlan& plan) : job_(job), id_(job->id), path_(job->path) {
    for (const TablePlan& table : plan.tables) {
      if (table.schema.name == job->table->name) table_ = &table;
    }
  }

  const std::string& id() const override { return id_; }
  const TablePlan& table() const override { return *table_; }
  std::uint64_t row_count() const override { return job_->row_count; }
  Result<std::string_view> next_lines() override {
    const char* lines = nullptr;
    std::uint64_t bytes = 0;
    if (job_->next_lines(job_, &lines, &bytes) != 0) return fail("the rows of job " + id_ + " cannot be read");
    return std::string_view(lines, bytes);
  }
  Status stream(ArrowArrayStream* out) override {
    if (job_->stream(job_, out) != 0) return fail("the rows of job " + id_ + " cannot be read");
    return {};
  }
  const std::string& path() const override { return path_; }
  bool is_stopped() const override { return job_->is_stopped(job_) != 0; }

 private:
  outfall_job* job_;
  const std::string id_;
  const std::string path_;
  const TablePlan* table_ = nullptr;
};

/// What outfall_destination::state points to.
struct DatasetPlugin {
  std::unique_ptr<DatasetDestination> destination;
  std::string naming{};
  std::string mode{};
  std::string dispositions{};
  std::string strategies{};
  outfall_dataset functions{};

  static DatasetDestination& of(void* state) { return *static_cast<DatasetPlugin*>(state)->destination; }
};

inline int answer(const Error& error, outfall_call* call) {
  call->set_reason(call, error.message.c_str());
  call->set_hint(call, error.hint.c_str());
  if (error.blame == Blame::usage) return OUTFALL_REJECTED;
  switch (error.remedy) {
    case Remedy::retry:
      return OUTFALL_RETRY;
    case Remedy::resolve:
      return OUTFALL_UNKNOWN;
    case Remedy::abandon:
      return OUTFALL_FATAL;
  }
  return OUTFALL_UNKNOWN;
}

/// `body` returns a Status.
template <class Body>
int answer_of(outfall_call* call, Body&& body) {
  try {
    const Status done = body();
    return done ? OUTFALL_DELIVERED : answer(done.error(), call);
  } catch (const std::exception& thrown) {
    call->set_reason(call, thrown.what());
  } catch (...) {
    call->set_reason(call, "it threw something that is no std::exception");
  }
  return OUTFALL_UNKNOWN;
}

/// `ask` returns a Result, `take` is handed what it is.
template <class Ask, class Take>
int answer_of(outfall_call* call, Ask&& ask, Take&& take) {
  return answer_of(call, [&]() -> Status {
    const auto answered = ask();
    if (!answered) return fail(answered.error());
    take(*answered);
    return {};
  });
}

inline DatasetState state_of(const outfall_stored_state& state) {
  return {.pipeline = state.pipeline,
          .state = state.state,
          .version_hash = state.version_hash,
          .version = state.version,
          .engine_version = state.engine_version,
          .load_id = state.load_id,
          .created_at = time_of(state.created_at)};
}

inline void fill_questions(outfall_dataset& functions) {
  functions.open = [](void* state, outfall_call* call) {
    return answer_of(call, [&] {
      return DatasetPlugin::of(state).open([call](std::string_view key) -> Result<std::string> {
        const char* value = call->setting(call, std::string(key).c_str());
        if (value != nullptr) return std::string(value);
        return fail(Error{.message = call->reason(call), .hint = "", .blame = Blame::usage});
      });
    });
  };
  functions.has_load = [](void* state, const char* dataset, const char* load_id, int* is_there, outfall_call* call) {
    return answer_of(
        call, [&] { return DatasetPlugin::of(state).has_load(dataset, load_id); },
        [&](bool there) { *is_there = there ? 1 : 0; });
  };
  functions.loads = [](void* state, const char* dataset, outfall_take_load take, void* to, outfall_call* call) {
    return answer_of(
        call, [&] { return DatasetPlugin::of(state).loads(dataset); },
        [&](const std::vector<DatasetLoad>& loads) {
          for (const DatasetLoad& load : loads) {
            const outfall_stored_load told{.load_id = load.load_id.c_str(),
                                           .schema_name = load.schema_name.c_str(),
                                           .schema_version_hash = load.schema_version_hash.c_str(),
                                           .completed_at = microseconds_of(load.completed_at)};
            take(to, &told);
          }
        });
  };
  functions.stored_schema = [](void* state, const char* dataset, const char* name, const char* version_hash,
                               outfall_take_schema take, void* to, outfall_call* call) {
    return answer_of(
        call, [&] { return DatasetPlugin::of(state).stored_schema(dataset, name, version_hash); },
        [&](const std::optional<DatasetSchema>& schema) {
          if (!schema) return;
          const outfall_stored_schema told{.name = schema->name.c_str(),
                                           .version_hash = schema->version_hash.c_str(),
                                           .document = schema->document.c_str(),
                                           .version = schema->version,
                                           .engine_version = schema->engine_version,
                                           .stored_at = microseconds_of(schema->stored_at)};
          take(to, &told);
        });
  };
  functions.stored_state = [](void* state, const char* dataset, const char* pipeline, outfall_take_state take, void* to,
                              outfall_call* call) {
    return answer_of(
        call, [&] { return DatasetPlugin::of(state).stored_state(dataset, pipeline); },
        [&](const std::optional<DatasetState>& stored) {
          if (!stored) return;
          const outfall_stored_state told{.pipeline = stored->pipeline.c_str(),
                                          .state = stored->state.c_str(),
                                          .version_hash = stored->version_hash.c_str(),
                                          .load_id = stored->load_id.c_str(),
                                          .version = stored->version,
                                          .engine_version = stored->engine_version,
                                          .created_at = microseconds_of(stored->created_at)};
          take(to, &told);
        });
  };
  functions.read = [](void* state, const char* dataset, const char* table, outfall_take_lines take, void* to,
                      outfall_call* call) {
    return answer_of(call, [&] {
      return DatasetPlugin::of(state).read(dataset, table, [&](std::string_view lines) -> Status {
        if (take(to, lines.data(), lines.size()) == 0) return {};
        return fail("nobody wants more rows");
      });
    });
  };
}

inline void fill_loading(outfall_dataset& functions) {
  functions.migrate = [](void* state, const outfall_load* load, outfall_call* call) {
    return answer_of(call, [&] { return DatasetPlugin::of(state).migrate(plan_of(*load)); });
  };
  functions.begin_load = [](void* state, const outfall_load* load, outfall_call* call) {
    return answer_of(call, [&] { return DatasetPlugin::of(state).begin_load(plan_of(*load)); });
  };
  functions.load_job = [](void* state, const outfall_load* load, outfall_job* job, outfall_call* call) {
    return answer_of(call, [&] {
      const LoadPlan plan = plan_of(*load);
      PluginJob rows(job, plan);
      return DatasetPlugin::of(state).load_job(plan, rows);
    });
  };
  functions.complete_load = [](void* state, const outfall_load* load, const outfall_stored_state* pipeline_state,
                               outfall_call* call) {
    return answer_of(call, [&] {
      const auto told = pipeline_state == nullptr ? std::nullopt : std::optional(state_of(*pipeline_state));
      return DatasetPlugin::of(state).complete_load(plan_of(*load), told);
    });
  };
  functions.abandon_load = [](void* state, const char* dataset, const char* load_id, outfall_call* call) {
    return answer_of(call, [&] { return DatasetPlugin::of(state).abandon_load(dataset, load_id); });
  };
  functions.close_files = [](void* state, outfall_call* call) {
    return answer_of(call, [&]() -> Status {
      DatasetPlugin::of(state).close();
      return {};
    });
  };
}

template <class Words, class Table>
std::string listed(const Words& words, const Table& table) {
  std::string out;
  for (const auto word : words) out += (out.empty() ? "" : ",") + std::string(spell(table, word));
  return out;
}

/// `make` gives the destination.
template <class Make>
int fill_in(std::uint32_t version, outfall_destination* destination, Make&& make) {
  if (version < OUTFALL_DATASET_PLUGIN_VERSION) return 1;  // an older program knows no such destinations
  try {
    auto plugin = std::make_unique<DatasetPlugin>(make());
    const DatasetOptions& options = plugin->destination->options();
    plugin->naming = spell(naming_conventions, options.naming_convention);
    plugin->mode = spell(plugin_modes, options.mode);
    plugin->dispositions = listed(options.write_dispositions, write_dispositions);
    plugin->strategies = listed(options.merge_strategies, merge_strategies);
    plugin->functions = {.mode = plugin->mode.c_str(),
                         .write_dispositions = plugin->dispositions.c_str(),
                         .merge_strategies = plugin->strategies.c_str(),
                         .max_identifier_length = options.max_identifier_length,
                         .recommended_file_size = options.recommended_file_size,
                         .folds_case = options.case_sensitive_identifiers ? 0 : 1};
    fill_questions(plugin->functions);
    fill_loading(plugin->functions);
    destination->version = OUTFALL_DATASET_PLUGIN_VERSION;
    destination->naming_convention = plugin->naming.c_str();
    destination->max_table_nesting = options.max_table_nesting.value_or(-1);
    destination->dataset = &plugin->functions;
    destination->close = [](void* state) { delete static_cast<DatasetPlugin*>(state); };
    destination->state = plugin.release();
    return 0;
  } catch (...) {
    return 2;
  }
}

}  // namespace outfall::detail
