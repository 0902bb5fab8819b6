// SPDX-License-Identifier: Apache-2.0
#include "destinations/function/dataset_plugin.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "outfall/spellings.h"

namespace outfall::destinations::function {
namespace {

std::int64_t microseconds_of(Time time) {
  return time.time_since_epoch().count();
}

Time time_of(std::int64_t microseconds) {
  return Time(std::chrono::microseconds(microseconds));
}

std::string text_of(const char* text) {
  return text == nullptr ? "" : text;
}

/// What a call says beside its answer. Of batches, which this plugin takes none of, there is nothing to tell.
class DatasetCall {
 public:
  explicit DatasetCall(const DatasetDestination::Settings& settings, const char* load_id = "") : settings_(settings) {
    call_ = {.load_id = load_id,
             .job_id = "",
             .key = "",
             .seconds_left = [](const outfall_call*) { return -1.0; },
             .is_stopped = [](const outfall_call*) { return 0; },
             .row_key = [](const outfall_call*, std::uint64_t, char* key) { *key = '\0'; },
             .set_reason = [](outfall_call* call, const char* reason) { of(call).error_.message = text_of(reason); },
             .reject = [](outfall_call*, std::uint64_t, const char*) {},
             .set_retry_after = [](outfall_call*, double) {},
             .log = [](outfall_call*, const char*) {},
             .setting = setting,
             .path = "",
             .engine = this,
             .state = [](outfall_call*, const char*) -> const char* { return nullptr; },
             .set_state = refuse_state,
             .pipeline_state = [](outfall_call*) { return ""; },
             .count = [](outfall_call*, const char*, std::uint64_t) {},
             .gauge = [](outfall_call*, const char*, double) {},
             .set_hint = [](outfall_call* call, const char* hint) { of(call).error_.hint = text_of(hint); },
             .reason = [](const outfall_call* call) { return of(call).error_.message.c_str(); }};
  }
  DatasetCall(const DatasetCall&) = delete;
  DatasetCall& operator=(const DatasetCall&) = delete;

  outfall_call* get() { return &call_; }

  Status status(int answer) && {
    if (answer == OUTFALL_DELIVERED) return {};
    if (error_.message.empty()) error_.message = fmt::format("it answers {} and says no more", answer);
    error_.blame = answer == OUTFALL_REJECTED ? Blame::usage : Blame::run;
    error_.remedy = answer == OUTFALL_RETRY                                 ? Remedy::retry
                    : answer == OUTFALL_FATAL || answer == OUTFALL_REJECTED ? Remedy::abandon
                                                                            : Remedy::resolve;
    return fail(std::move(error_));
  }

 private:
  static DatasetCall& of(const outfall_call* call) { return *static_cast<DatasetCall*>(call->engine); }

  static const char* setting(outfall_call* call, const char* key) {
    DatasetCall& self = of(call);
    Result<std::string> value = self.settings_ ? self.settings_(text_of(key)) : fail("settings are given to open");
    if (value) return self.texts_.emplace_back(std::move(*value)).c_str();
    self.error_.message = value.error().message;
    return nullptr;
  }
  static int refuse_state(outfall_call* call, const char*, const char*) {
    of(call).error_.message = "state is set by calls that take batches of rows";
    return 1;
  }

  const DatasetDestination::Settings& settings_;  ///< may be empty
  std::deque<std::string> texts_;                 ///< that were asked for
  Error error_{};
  outfall_call call_{};
};

outfall_stored_schema as_c(const DatasetSchema& schema) {
  return {.name = schema.name.c_str(),
          .version_hash = schema.version_hash.c_str(),
          .document = schema.document.c_str(),
          .version = schema.version,
          .engine_version = schema.engine_version,
          .stored_at = microseconds_of(schema.stored_at)};
}

outfall_stored_state as_c(const DatasetState& state) {
  return {.pipeline = state.pipeline.c_str(),
          .state = state.state.c_str(),
          .version_hash = state.version_hash.c_str(),
          .load_id = state.load_id.c_str(),
          .version = state.version,
          .engine_version = state.engine_version,
          .created_at = microseconds_of(state.created_at)};
}

/// A load as C sees it. The plan outlives it.
class PluginLoad {
 public:
  explicit PluginLoad(const LoadPlan& plan) : schema_(as_c(plan.schema)) {
    for (const TablePlan& table : plan.tables) add(table);
    for (const std::string& table : plan.dropped_tables) dropped_.push_back(table.c_str());
    load_ = {.dataset = plan.dataset.c_str(),
             .load_id = plan.load_id.c_str(),
             .schema = &schema_,
             .tables = tables_.data(),
             .table_count = tables_.size(),
             .dropped_tables = dropped_.data(),
             .dropped_count = dropped_.size()};
  }
  PluginLoad(const PluginLoad&) = delete;
  PluginLoad& operator=(const PluginLoad&) = delete;

  const outfall_load* get() const { return &load_; }
  const outfall_load_table* table(std::string_view name) const {
    const auto found = std::ranges::find(tables_, name, [](const outfall_load_table& table) { return table.name; });
    return found == tables_.end() ? nullptr : &*found;
  }

 private:
  void add(const TablePlan& table) {
    std::vector<outfall_column>& columns = columns_.emplace_back();
    for (const ColumnSchema& column : table.schema.columns) columns.push_back(column_of(table, column));
    tables_.push_back({.name = table.schema.name.c_str(),
                       .write_disposition = name(table.schema.write_disposition).data(),
                       .parent = table.schema.parent.c_str(),
                       .resource = table.schema.resource.c_str(),
                       .schema = table.schema.document.c_str(),
                       .columns = columns.data(),
                       .column_count = columns.size(),
                       .is_new = table.changes.is_new ? 1 : 0,
                       .is_replaced = table.is_replaced ? 1 : 0,
                       .merge_strategy = table.merge ? name(*table.merge).data() : nullptr});
  }

  static outfall_column column_of(const TablePlan& table, const ColumnSchema& column) {
    const TableChanges& changes = table.changes;
    const auto retyped = std::ranges::find(changes.retyped_columns, column.name, &RetypedColumn::name);
    const bool is_retyped = retyped != changes.retyped_columns.end();
    const bool is_new = std::ranges::find(changes.new_columns, column.name) != changes.new_columns.end();
    return {.name = column.name.c_str(),
            .data_type = column.type ? name(*column.type).data() : "",
            .nullable = column.nullable ? 1 : 0,
            .precision = column.precision.value_or(-1),
            .scale = column.scale.value_or(-1),
            .with_timezone = column.with_timezone ? 1 : 0,
            .variant = column.variant ? 1 : 0,
            .primary_key = column.primary_key ? 1 : 0,
            .unique = column.unique ? 1 : 0,
            .is_new = is_new ? 1 : 0,
            .from = is_retyped ? retyped->from.c_str() : nullptr,
            .to = is_retyped ? retyped->to.c_str() : nullptr};
  }

  const outfall_stored_schema schema_;
  std::deque<std::vector<outfall_column>> columns_;
  std::vector<outfall_load_table> tables_;
  std::vector<const char*> dropped_;
  outfall_load load_{};
};

/// A job as C sees it.
class PluginJob {
 public:
  PluginJob(LoadJob& job, const PluginLoad& load, outfall_call* call) : job_(job), told_(call) {
    c_job_ = {.id = job.id().c_str(),
              .table = load.table(job.table().schema.name),
              .row_count = job.row_count(),
              .path = job.path().c_str(),
              .next_lines = next_lines,
              .stream = stream,
              .is_stopped = [](const outfall_job* of_c) { return of(of_c).job_.is_stopped() ? 1 : 0; },
              .engine = this};
  }
  PluginJob(const PluginJob&) = delete;
  PluginJob& operator=(const PluginJob&) = delete;

  outfall_job* get() { return &c_job_; }

 private:
  static PluginJob& of(const outfall_job* job) { return *static_cast<PluginJob*>(job->engine); }

  int refuse(const Error& error) const {
    told_->set_reason(told_, error.message.c_str());
    return 1;
  }
  static int next_lines(outfall_job* job, const char** lines, std::uint64_t* bytes) {
    const Result<std::string_view> next = of(job).job_.next_lines();
    if (!next) return of(job).refuse(next.error());
    *lines = next->data();
    *bytes = next->size();
    return 0;
  }
  static int stream(outfall_job* job, ArrowArrayStream* rows) {
    const Status opened = of(job).job_.stream(rows);
    return opened ? 0 : of(job).refuse(opened.error());
  }

  LoadJob& job_;
  outfall_call* told_;
  outfall_job c_job_{};
};

class PluginDataset final : public DatasetDestination {
 public:
  PluginDataset(DatasetOptions options, const outfall_destination& plugin)
      : DatasetDestination(std::move(options)), plugin_(plugin), dataset_(*plugin.dataset) {}
  ~PluginDataset() override {
    if (plugin_.close != nullptr) plugin_.close(plugin_.state);
  }

  Status open(const Settings& settings) override {
    if (dataset_.open == nullptr) return {};
    DatasetCall call(settings);
    const int answer = dataset_.open(plugin_.state, call.get());
    return std::move(call).status(answer);
  }
  Result<bool> has_load(const std::string& dataset, const std::string& load_id) override {
    DatasetCall call(none_, load_id.c_str());
    int is_there = 0;
    const int answer = dataset_.has_load(plugin_.state, dataset.c_str(), load_id.c_str(), &is_there, call.get());
    return after(std::move(call).status(answer), is_there != 0);
  }
  Result<std::vector<DatasetLoad>> loads(const std::string& dataset) override {
    DatasetCall call(none_);
    std::vector<DatasetLoad> found;
    const auto take = [](void* to, const outfall_stored_load* load) {
      static_cast<std::vector<DatasetLoad>*>(to)->push_back({.load_id = text_of(load->load_id),
                                                             .schema_name = text_of(load->schema_name),
                                                             .schema_version_hash = text_of(load->schema_version_hash),
                                                             .completed_at = time_of(load->completed_at)});
    };
    const int answer = dataset_.loads(plugin_.state, dataset.c_str(), take, &found, call.get());
    return after(std::move(call).status(answer), std::move(found));
  }
  Result<std::optional<DatasetSchema>> stored_schema(const std::string& dataset, const std::string& name,
                                                     const std::string& version_hash) override {
    DatasetCall call(none_);
    std::optional<DatasetSchema> found;
    const auto take = [](void* to, const outfall_stored_schema* schema) {
      *static_cast<std::optional<DatasetSchema>*>(to) = {.name = text_of(schema->name),
                                                         .version_hash = text_of(schema->version_hash),
                                                         .version = schema->version,
                                                         .engine_version = schema->engine_version,
                                                         .document = text_of(schema->document),
                                                         .stored_at = time_of(schema->stored_at)};
    };
    const int answer = dataset_.stored_schema(plugin_.state, dataset.c_str(), name.c_str(), version_hash.c_str(), take,
                                              &found, call.get());
    return after(std::move(call).status(answer), std::move(found));
  }
  Result<std::optional<DatasetState>> stored_state(const std::string& dataset, const std::string& pipeline) override {
    DatasetCall call(none_);
    std::optional<DatasetState> found;
    const auto take = [](void* to, const outfall_stored_state* state) {
      *static_cast<std::optional<DatasetState>*>(to) = {.pipeline = text_of(state->pipeline),
                                                        .state = text_of(state->state),
                                                        .version_hash = text_of(state->version_hash),
                                                        .version = state->version,
                                                        .engine_version = state->engine_version,
                                                        .load_id = text_of(state->load_id),
                                                        .created_at = time_of(state->created_at)};
    };
    const int answer =
        dataset_.stored_state(plugin_.state, dataset.c_str(), pipeline.c_str(), take, &found, call.get());
    return after(std::move(call).status(answer), std::move(found));
  }
  Status read(const std::string& dataset, const std::string& table, const TakeLines& take) override {
    if (dataset_.read == nullptr) return DatasetDestination::read(dataset, table, take);
    DatasetCall call(none_);
    Reading reading{.take = take};
    const auto give = [](void* to, const char* lines, std::uint64_t bytes) {
      Reading& self = *static_cast<Reading*>(to);
      self.taken = self.take({lines, bytes});
      return self.taken ? 0 : 1;
    };
    const int answer = dataset_.read(plugin_.state, dataset.c_str(), table.c_str(), give, &reading, call.get());
    if (!reading.taken) return std::move(reading.taken);
    return std::move(call).status(answer);
  }
  Status migrate(const LoadPlan& plan) override { return with_load(dataset_.migrate, plan); }
  Status begin_load(const LoadPlan& plan) override { return with_load(dataset_.begin_load, plan); }
  Status load_job(const LoadPlan& plan, LoadJob& job) override {
    const PluginLoad load(plan);
    DatasetCall call(none_, plan.load_id.c_str());
    PluginJob of_c(job, load, call.get());
    const int answer = dataset_.load_job(plugin_.state, load.get(), of_c.get(), call.get());
    return std::move(call).status(answer);
  }
  Status complete_load(const LoadPlan& plan, const std::optional<DatasetState>& state) override {
    const PluginLoad load(plan);
    DatasetCall call(none_, plan.load_id.c_str());
    std::optional<outfall_stored_state> told;
    if (state) told = as_c(*state);
    const int answer = dataset_.complete_load(plugin_.state, load.get(), told ? &*told : nullptr, call.get());
    return std::move(call).status(answer);
  }
  Status abandon_load(const std::string& dataset, const std::string& load_id) override {
    if (dataset_.abandon_load == nullptr) return {};
    DatasetCall call(none_, load_id.c_str());
    const int answer = dataset_.abandon_load(plugin_.state, dataset.c_str(), load_id.c_str(), call.get());
    return std::move(call).status(answer);
  }
  void close() override {
    if (dataset_.close_files == nullptr) return;
    DatasetCall call(none_);
    dataset_.close_files(plugin_.state, call.get());
  }

 private:
  struct Reading {
    const TakeLines& take;
    Status taken{};
  };

  template <class Value>
  static Result<Value> after(Status status, Value value) {
    if (!status) return fail(std::move(status.error()));
    return value;
  }
  Status with_load(int (*function)(void*, const outfall_load*, outfall_call*), const LoadPlan& plan) {
    if (function == nullptr) return {};
    const PluginLoad load(plan);
    DatasetCall call(none_, plan.load_id.c_str());
    const int answer = function(plugin_.state, load.get(), call.get());
    return std::move(call).status(answer);
  }

  const outfall_destination plugin_;
  const outfall_dataset& dataset_;
  const Settings none_{};
};

std::unexpected<Error> refused(std::string message, std::string hint) {
  return fail(Error{.message = std::move(message), .hint = std::move(hint), .blame = Blame::usage});
}

/// Words with commas between them. Errors: one is not known.
template <class Words, class Word>
Status read_list(const char* text, std::string_view what, const Words& known, std::vector<Word>& out) {
  const std::string list = text_of(text);
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    const std::string word = list.substr(begin, end - begin);
    const std::optional<Word> read = detail::read_word(known, word);
    if (!read) return refused(fmt::format("its {} '{}' is not known", what, word), "see outfall/plugin.h");
    out.push_back(*read);
    begin = end + 1;
  }
  return {};
}

bool has_all_functions(const outfall_dataset& dataset) {
  return dataset.has_load != nullptr && dataset.loads != nullptr && dataset.stored_schema != nullptr &&
         dataset.stored_state != nullptr && dataset.migrate != nullptr && dataset.load_job != nullptr &&
         dataset.complete_load != nullptr;
}

}  // namespace

Result<std::shared_ptr<DatasetDestination>> make_dataset_plugin(std::string name, const outfall_destination& plugin) {
  const outfall_dataset& dataset = *plugin.dataset;
  if (!has_all_functions(dataset))
    return refused("it lacks a function that takes loads", "fill in all of outfall_dataset that may not be NULL");
  DatasetOptions options{.name = std::move(name),
                         .write_dispositions = {},
                         .max_identifier_length = dataset.max_identifier_length,
                         .case_sensitive_identifiers = dataset.folds_case == 0,
                         .recommended_file_size = dataset.recommended_file_size};
  const auto mode = detail::read_word(detail::plugin_modes, text_of(dataset.mode));
  if (!mode) return refused(fmt::format("its mode '{}' is not known", text_of(dataset.mode)), "see outfall/plugin.h");
  options.mode = *mode;
  Status listed = read_list(dataset.write_dispositions, "write disposition", detail::write_dispositions,
                            options.write_dispositions);
  if (listed)
    listed = read_list(dataset.merge_strategies, "merge strategy", detail::merge_strategies, options.merge_strategies);
  if (!listed) return fail(std::move(listed.error()));
  if (plugin.naming_convention != nullptr) {
    const auto naming = naming_convention(plugin.naming_convention);
    if (!naming)
      return refused(fmt::format("its naming convention '{}' is not known", plugin.naming_convention),
                     "known are snake_case, direct, duck_case, sql_ci_v1 and sql_cs_v1");
    options.naming_convention = *naming;
  }
  options.max_table_nesting = plugin.max_table_nesting < 0 ? std::nullopt : std::optional(plugin.max_table_nesting);
  return std::make_shared<PluginDataset>(std::move(options), plugin);
}

}  // namespace outfall::destinations::function
