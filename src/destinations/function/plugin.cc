// SPDX-License-Identifier: Apache-2.0
#include "outfall/plugin.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <deque>
#include <optional>
#include <utility>

#include "base/file.h"
#include "delivery/table_changes.h"
#include "destinations/function/dataset_plugin.h"
#include "destinations/function/plugin.h"

namespace outfall::destinations::function {
namespace {

std::unexpected<Error> refused(const std::string& called, const std::string& why, std::string hint) {
  return fail(
      Error{.message = fmt::format("destination {}: {}", called, why), .hint = std::move(hint), .blame = Blame::usage});
}

/// Why a library was not loaded, which the loader says with its path in front.
std::string loading_error(const std::string& path, const std::string& library) {
  std::string error = ::dlerror();
  for (std::size_t at = 0; (at = error.find(path, at)) != std::string::npos; at += library.size())
    error.replace(at, path.size(), library);
  return error;
}

/// A call of the plugin: what it is told, and what it says.
class PluginCall {
 public:
  PluginCall(const LoadEvent& event, const std::optional<Configuration>& configuration)
      : PluginCall({event.load_id, event.log, nullptr, event.desk, event.stop}, configuration) {}
  PluginCall(const CallContext& context, const std::optional<Configuration>& configuration)
      : PluginCall({context.load_id, context.log, &context, context.desk, context.stop}, configuration) {}
  PluginCall(const PluginCall&) = delete;
  PluginCall& operator=(const PluginCall&) = delete;

  outfall_call* get() { return &call_; }

  Outcome outcome(int answer) && {
    switch (answer) {
      case OUTFALL_DELIVERED:
        // Of rows that it has rejected it says so, whatever its answer.
        if (outcome_.rows.empty() || context_ == nullptr) return {};
        return answered(Outcome::Kind::rejected, "it rejects the rows");
      case OUTFALL_RETRY:
        return answered(Outcome::Kind::retry, "it asks for another attempt");
      case OUTFALL_REJECTED:
        return answered(Outcome::Kind::rejected, "it rejects the rows");
      case OUTFALL_FATAL:
        return answered(Outcome::Kind::fatal, "it gives up");
      case OUTFALL_UNKNOWN:
        return answered(Outcome::Kind::unknown, "it does not know what became of the rows");
      default:
        return answered(Outcome::Kind::unknown, fmt::format("it answers {}, which is none of its answers", answer));
    }
  }

 private:
  struct About {
    std::string_view load_id;
    const std::function<void(std::string_view)>& log;
    const CallContext* context;  ///< null: of a hook
    const CallDesk* desk;        ///< null: before a load
    std::stop_token stop;
  };

  PluginCall(const About& about, const std::optional<Configuration>& configuration)
      : load_id_(about.load_id),
        job_id_(about.context == nullptr ? "" : about.context->job_id),
        key_(about.context == nullptr ? "" : about.context->key),
        path_(about.context == nullptr ? "" : about.context->path),
        log_(about.log),
        context_(about.context),
        desk_(about.desk),
        stop_(about.stop),
        configuration_(configuration) {
    const CallContext* context = context_;
    call_ = {.load_id = load_id_.c_str(),
             .job_id = job_id_.c_str(),
             .key = key_.c_str(),
             .batch_index = context == nullptr ? 0 : context->batch_index,
             .attempt = context == nullptr ? 0 : context->attempt,
             .first_row = context == nullptr ? 0 : context->first_row,
             .seconds_left = seconds_left,
             .is_stopped = is_stopped,
             .row_key = row_key,
             .set_reason = [](outfall_call* call, const char* reason) { of(call).outcome_.reason = text_of(reason); },
             .reject = reject,
             .set_retry_after = set_retry_after,
             .log = write_log,
             .setting = setting,
             .path = path_.c_str(),
             .row_count = context == nullptr ? 0 : context->row_count,
             .engine = this,
             .state = state,
             .set_state = set_state,
             .pipeline_state = pipeline_state,
             .count = count,
             .gauge = gauge,
             .set_hint = [](outfall_call* call, const char* hint) { of(call).outcome_.hint = text_of(hint); },
             .reason = [](const outfall_call* call) { return of(call).outcome_.reason.c_str(); }};
  }

  Outcome answered(Outcome::Kind kind, std::string usual_reason) {
    outcome_.kind = kind;
    if (outcome_.reason.empty()) outcome_.reason = std::move(usual_reason);
    if (kind != Outcome::Kind::rejected) outcome_.rows.clear();
    return std::move(outcome_);
  }

  static const char* text_of(const char* text) { return text == nullptr ? "" : text; }
  static PluginCall& of(const outfall_call* call) { return *static_cast<PluginCall*>(call->engine); }

  static double seconds_left(const outfall_call* call) {
    const CallContext* context = of(call).context_;
    if (context == nullptr || !context->deadline) return -1;
    const std::chrono::duration<double> left = *context->deadline - std::chrono::steady_clock::now();
    return std::max(left.count(), 0.0);
  }
  static int is_stopped(const outfall_call* call) { return of(call).stop_.stop_requested() ? 1 : 0; }
  static void row_key(const outfall_call* call, std::uint64_t row, char* key) {
    const CallContext* context = of(call).context_;
    const std::string text = context == nullptr ? std::string() : context->row_key(row);
    std::memcpy(key, text.c_str(), text.size() + 1);
  }
  static void reject(outfall_call* call, std::uint64_t row, const char* reason) {
    of(call).outcome_.rows.push_back({.row = row, .reason = text_of(reason)});
  }
  static void set_retry_after(outfall_call* call, double seconds) {
    constexpr double seconds_max = 86'400;
    if (!std::isfinite(seconds) || seconds < 0) return;
    of(call).outcome_.after = std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::duration<double>(std::min(seconds, seconds_max)));
  }
  static void write_log(outfall_call* call, const char* line) {
    if (of(call).log_) of(call).log_(text_of(line));
  }

  static const char* setting(outfall_call* call, const char* key) {
    PluginCall& self = of(call);
    if (!self.configuration_) return nullptr;
    Result<std::string> text = self.configuration_->text(text_of(key));
    if (!text) {
      const Result<Secret> secret = self.configuration_->secret(text_of(key));
      if (!secret) {
        self.outcome_.reason = text.error().message;
        return nullptr;
      }
      text = secret->reveal();
    }
    return self.texts_.emplace_back(std::move(*text)).c_str();
  }

  static const char* state(outfall_call* call, const char* name) {
    PluginCall& self = of(call);
    std::optional<std::string> value;
    if (self.desk_ != nullptr) value = self.desk_->state->get(text_of(name));
    return value ? self.texts_.emplace_back(std::move(*value)).c_str() : nullptr;
  }
  static int set_state(outfall_call* call, const char* name, const char* json) {
    PluginCall& self = of(call);
    if (self.desk_ == nullptr || self.context_ == nullptr) {
      self.outcome_.reason = "state is set by calls that take rows";
      return 1;
    }
    if (json == nullptr) {
      self.desk_->state->erase(text_of(name));
      return 0;
    }
    const Status set = self.desk_->state->set(text_of(name), json);
    if (!set) self.outcome_.reason = set.error().message;
    return set ? 0 : 1;
  }
  static const char* pipeline_state(outfall_call* call) {
    PluginCall& self = of(call);
    return self.desk_ == nullptr ? "" : self.texts_.emplace_back(self.desk_->pipeline_state).c_str();
  }
  static void count(outfall_call* call, const char* name, std::uint64_t by) {
    if (of(call).desk_ != nullptr) of(call).desk_->metrics->count(text_of(name), by);
  }
  static void gauge(outfall_call* call, const char* name, double value) {
    if (of(call).desk_ != nullptr) of(call).desk_->metrics->gauge(text_of(name), value);
  }

  const std::string load_id_;
  const std::string job_id_;
  const std::string key_;
  const std::string path_;
  const std::function<void(std::string_view)>& log_;  ///< may be null
  const CallContext* context_;                        ///< null: of a hook
  const CallDesk* desk_;                              ///< null: before a load
  const std::stop_token stop_;
  const std::optional<Configuration>& configuration_;
  std::deque<std::string> texts_;  ///< that were asked for
  Outcome outcome_;
  outfall_call call_{};
};

/// A table as C sees it.
struct PluginTable {
  explicit PluginTable(const TableSchema& schema, const TableChanges* changes = nullptr)
      : disposition(name(schema.write_disposition)),
        what_changed(changes == nullptr ? "" : outfall::to_json(delivery::to_json(*changes))),
        table{.name = schema.name.c_str(),
              .write_disposition = disposition.c_str(),
              .parent = schema.parent.c_str(),
              .resource = schema.resource.c_str(),
              .schema = schema.document.c_str(),
              .changes = changes == nullptr ? nullptr : what_changed.c_str()} {}

  const std::string disposition;
  const std::string what_changed;
  const outfall_table table;
};

class PluginDestination final : public CustomDestination {
 public:
  PluginDestination(CustomOptions options, const outfall_destination& plugin)
      : CustomDestination(std::move(options)), plugin_(plugin) {}
  ~PluginDestination() override {
    if (plugin_.close != nullptr) plugin_.close(plugin_.state);
  }

  Outcome write(const Rows& rows, const TableSchema& schema, const CallContext& context) override {
    ArrowArray array{};
    ArrowSchema columns{};
    if (const Status given = rows.record_batch(&array, &columns); !given) {
      return Outcome::fatal(given.error().message, given.error().hint);
    }
    const PluginTable table(schema);
    PluginCall call(context, configuration_);
    const int answer = plugin_.write(plugin_.state, &array, &columns, &table.table, call.get());
    if (array.release != nullptr) array.release(&array);
    if (columns.release != nullptr) columns.release(&columns);
    return std::move(call).outcome(answer);
  }

  bool resolves() const override { return plugin_.resolve != nullptr; }
  Outcome resolve(const TableSchema& schema, const CallContext& context) override {
    const PluginTable table(schema);
    PluginCall call(context, configuration_);
    const int answer = plugin_.resolve(plugin_.state, &table.table, call.get());
    return std::move(call).outcome(answer);
  }

  Status open(const Configuration& configuration) override {
    configuration_ = configuration;
    const Outcome opened = tell(plugin_.open, {});
    if (opened.kind == Outcome::Kind::delivered) return {};
    const bool may_help = opened.kind == Outcome::Kind::retry || opened.kind == Outcome::Kind::unknown;
    return fail(Error{.message = opened.reason,
                      .hint = "",
                      .remedy = may_help ? Remedy::retry : Remedy::abandon,
                      .blame = opened.kind == Outcome::Kind::rejected ? Blame::usage : Blame::run});
  }
  Outcome begin_load(const LoadEvent& event) override { return tell(plugin_.begin_load, event); }
  Outcome begin_table(const LoadEvent& event) override { return tell_of_table(plugin_.begin_table, event); }
  Outcome end_table(const LoadEvent& event) override { return tell_of_table(plugin_.end_table, event); }
  Outcome complete_load(const LoadEvent& event) override { return tell(plugin_.complete_load, event); }
  Outcome abort_load(const LoadEvent& event) override { return tell(plugin_.abort_load, event); }

 private:
  Outcome tell(int (*hook)(void*, outfall_call*), const LoadEvent& event) const {
    if (hook == nullptr) return {};
    PluginCall call(event, configuration_);
    const int answer = hook(plugin_.state, call.get());
    return std::move(call).outcome(answer);
  }
  Outcome tell_of_table(int (*hook)(void*, const outfall_table*, outfall_call*), const LoadEvent& event) const {
    if (hook == nullptr) return {};
    const PluginTable table(*event.table, event.changes);
    PluginCall call(event, configuration_);
    const int answer = hook(plugin_.state, &table.table, call.get());
    return std::move(call).outcome(answer);
  }

  const outfall_destination plugin_;
  std::optional<Configuration> configuration_;
};

}  // namespace

Result<std::shared_ptr<OwnDestination>> load_plugin(const std::string& address, const std::string& name,
                                                    delivery::CallWatch* watch) {
  const std::string& called = name.empty() ? address : name;
  constexpr std::string_view scheme = "plugin:";
  const std::string_view rest = std::string_view(address).substr(scheme.size());
  const std::size_t hash = rest.rfind('#');
  if (hash == std::string_view::npos || hash == 0 || hash + 1 == rest.size()) {
    return refused(called, "it does not name a library and its function", "write plugin:./libnotify.so#notify");
  }
  const std::string symbol(rest.substr(hash + 1));
  Result<std::string> path = absolute_path(rest.substr(0, hash));
  if (!path) return fail(std::move(path.error()));
  const std::string library_word = name.empty() ? *path : "its library";
  const std::string function_word = name.empty() ? symbol : "its function";
  const delivery::CallWatch::Call watched(watch, [] { return "the library to say what it is"; });
  // It is never closed: a call that hangs may be in it.
  void* library = ::dlopen(path->c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return refused(called, fmt::format("it cannot be loaded: {}", loading_error(*path, library_word)),
                   "name a shared library of this machine's kind, by its path");
  }
  void* found = ::dlsym(library, symbol.c_str());
  if (found == nullptr) {
    return refused(
        called,
        fmt::format("{} has no function {}", library_word, name.empty() ? symbol : "of the name in its address"),
        "name the function that outfall/plugin.h tells of; it has to be exported, with C linkage");
  }
  outfall_destination plugin{};
  const int introduced = reinterpret_cast<outfall_plugin>(found)(OUTFALL_PLUGIN_VERSION, &plugin);
  if (introduced != 0) {
    return refused(called, fmt::format("{} refuses with {}", function_word, introduced),
                   "see what it says, or its manual");
  }
  const bool takes_loads = plugin.version >= OUTFALL_DATASET_PLUGIN_VERSION && plugin.dataset != nullptr;
  const bool takes_rows = plugin.write != nullptr || takes_loads;
  if (plugin.version == 0 || plugin.version > OUTFALL_PLUGIN_VERSION || !takes_rows) {
    return refused(called,
                   !takes_rows ? fmt::format("{} gives no function that takes rows", function_word)
                               : fmt::format("{} is of version {}, and this is version {}", function_word,
                                             plugin.version, OUTFALL_PLUGIN_VERSION),
                   "compile it anew with the header of this version");
  }
  const std::string full_name = fmt::format("{}#{}", *path, symbol);
  if (takes_loads) {
    Result<std::shared_ptr<DatasetDestination>> dataset = make_dataset_plugin(full_name, plugin);
    if (!dataset) return refused(called, dataset.error().message, dataset.error().hint);
    return *std::move(dataset);
  }
  CustomOptions options{.name = full_name,
                        .keeps_documents = false,
                        .skip_dlt_columns_and_tables = plugin.keeps_dlt_columns == 0,
                        .deduplicates = plugin.deduplicates != 0,
                        .takes_files = plugin.takes_files != 0};
  if (plugin.naming_convention != nullptr) {
    const auto naming = naming_convention(plugin.naming_convention);
    if (!naming) {
      return refused(called,
                     fmt::format("{} asks for the naming convention {}", function_word, plugin.naming_convention),
                     "known are snake_case, direct, duck_case, sql_ci_v1 and sql_cs_v1");
    }
    options.naming_convention = *naming;
  }
  options.max_table_nesting = plugin.max_table_nesting < 0 ? std::nullopt : std::optional(plugin.max_table_nesting);
  return std::make_shared<PluginDestination>(std::move(options), plugin);
}

}  // namespace outfall::destinations::function
