// SPDX-License-Identifier: Apache-2.0
//
// The conformance suite: one list of cases, each a function that answers what was wrong.
#include "outfall/conformance.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "base/env.h"
#include "base/file.h"
#include "base/json.h"
#include "base/report_json.h"
#include "destinations/function/plugin.h"
#include "engine/breaking_dataset.h"
#include "engine/configured_address.h"
#include "engine/destination_settings.h"
#include "outfall/configuration.h"
#include "outfall/pipeline.h"

namespace outfall {
namespace {

using engine::Break;
using engine::BreakAt;
using engine::BreakingDataset;
using engine::BreakWhen;

/// What was wrong, if anything.
using Verdict = std::optional<std::string>;
using Documents = std::vector<std::string>;

struct Suite {
  const ConformanceQuirks& quirks;
  DatasetDestination::Settings settings{};  ///< null: those of the pipeline
};

constexpr const char* own_name = "conformance";

/// Where a pipeline keeps its state; it goes with the object. In memory, where there is room: what a power cut would do
/// to that is not what is asked here.
class StateFolder {
 public:
  StateFolder() : path_(parent() + "/outfall_" + random_hex(Env::system(), 8)) {}
  StateFolder(const StateFolder&) = delete;
  StateFolder& operator=(const StateFolder&) = delete;
  ~StateFolder() { static_cast<void>(remove_tree(path_)); }

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  static std::string parent() {
    constexpr const char* memory = "/dev/shm";
    if (access(memory, W_OK) == 0) return memory;
    const char* asked = std::getenv("TMPDIR");
    return asked == nullptr ? "/tmp" : asked;
  }

  const std::string path_;
};

/// A pipeline into a dataset of its own. Every call is that of a new process, with new objects.
class Bench {
 public:
  Bench(const Suite& suite, std::string dataset) : suite_(suite), dataset_(std::move(dataset)) {}

  struct Load {
    Documents documents{};
    std::string table = "users";
    WriteDisposition disposition = WriteDisposition::append;
    std::optional<MergeStrategy> strategy{};
    std::optional<Break> point{};
    int attempts_max = 1;
  };

  Report run(const Load& load) {
    Pipeline pipeline(options(load.point));
    RunOptions run{.from_memory = {{.table = load.table, .documents = documents(load.documents)}},
                   .write_disposition = load.disposition};
    run.batches.attempts_max = load.attempts_max;
    if (load.disposition == WriteDisposition::merge) {
      run.merge.strategy = load.strategy;
      run.primary_key = {"id"};
    }
    return pipeline.run(run);
  }

  /// What was pending is brought to its end.
  Verdict resume() {
    const ResumeReport report = Pipeline(options({})).resume({.batches = {.attempts_max = 1}});
    for (const Report& one : report.pipelines) {
      if (one.error) return "resume: " + one.error->message;
    }
    if (report.error) return "resume: " + report.error->message;
    return report.ending == Ending::delivered ? Verdict() : "resume left something pending";
  }

  Verdict must_run(const Load& load) {
    const Report report = run(load);
    if (report.error) return "run: " + report.error->message;
    return report.ending == Ending::delivered ? Verdict() : "not all rows were delivered";
  }

  /// The rows of a table, without the columns that a load adds, in the order of their texts.
  Result<Documents> rows(const std::string& table) {
    Documents found;
    std::string pending;  // a line that goes on
    const auto take = [&](std::string_view lines) -> Status {
      pending += lines;
      while (true) {
        const std::size_t end = pending.find('\n');
        if (end == std::string::npos) return {};
        const Result<std::string> row = bare(pending.substr(0, end));
        if (!row) return fail(row.error());
        found.push_back(*row);
        pending.erase(0, end + 1);
      }
    };
    const std::shared_ptr<BreakingDataset> looked = object({});
    if (Status opened = open(*looked); !opened) return fail(std::move(opened.error()));
    if (Status read = looked->read(dataset_, table, take); !read) return fail(std::move(read.error()));
    if (!pending.empty()) return fail("the last line that read gives has no line feed");
    std::ranges::sort(found);
    return found;
  }

  /// Whether the table has these rows and no others.
  Verdict check_rows(const std::string& table, const Documents& expected) {
    return check(table, expected, [](const Documents& found, const Documents& wanted) { return found == wanted; });
  }
  /// Whether it has each of these, however often.
  Verdict check_has(const std::string& table, const Documents& expected) {
    return check(table, expected, [](const Documents& found, const Documents& wanted) {
      return std::ranges::all_of(wanted, [&](const auto& row) { return std::ranges::binary_search(found, row); });
    });
  }

  Verdict check_loads(std::size_t expected) {
    const std::shared_ptr<BreakingDataset> looked = object({});
    if (Status opened = open(*looked); !opened) return opened.error().message;
    const Result<std::vector<DatasetLoad>> loads = looked->loads(dataset_);
    if (!loads) return "loads: " + loads.error().message;
    for (const DatasetLoad& load : *loads) {
      const Result<bool> there = looked->has_load(dataset_, load.load_id);
      if (!there || !*there) return fmt::format("loads has {}, and has_load does not", load.load_id);
    }
    if (loads->size() == expected) return {};
    return fmt::format("{} loads should be complete, and loads has {}", expected, loads->size());
  }

  /// One that is open, for questions.
  Result<std::shared_ptr<BreakingDataset>> opened() {
    std::shared_ptr<BreakingDataset> made = object({});
    if (Status opened = open(*made); !opened) return fail(std::move(opened.error()));
    return made;
  }

  /// As if the data directory were lost.
  void forget() { ++lives_; }
  const std::string& dataset() const { return dataset_; }
  bool is_transactional() { return object({})->options().mode == DeliveryMode::transactional; }
  bool may_repeat() { return object({})->options().mode == DeliveryMode::at_least_once; }

 private:
  Verdict check(const std::string& table, Documents expected,
                bool (*is_right)(const Documents& found, const Documents& wanted)) {
    if (!suite_.quirks.reads_back) return {};
    const Result<Documents> found = rows(table);
    if (!found) return "read " + table + ": " + found.error().message;
    for (std::string& row : expected) row = bare(row).value_or(row);
    std::ranges::sort(expected);
    if (is_right(*found, expected)) return {};
    return fmt::format("{} should have the rows [{}], and has [{}]", table, fmt::join(expected, ", "),
                       fmt::join(*found, ", "));
  }

  std::shared_ptr<BreakingDataset> object(std::optional<Break> point) {
    return std::make_shared<BreakingDataset>(suite_.quirks.make(), own_name, suite_.settings, point);
  }

  static Status open(BreakingDataset& looked) {
    const Result<Configuration> configuration = Configuration::load({.name = own_name});
    if (!configuration) return fail(configuration.error());
    return looked.open([&configuration](std::string_view key) { return configuration->text(key); });
  }

  PipelineOptions options(std::optional<Break> point) {
    return {.name = own_name,
            .custom_destination = object(point),
            .dataset = dataset_,
            .data_dir = folder_ / std::to_string(lives_),
            .state = "none"};
  }

  /// The document with its keys in order, without what a load has added.
  static Result<std::string> bare(const std::string& line) {
    Result<Json> row = parse_json(line);
    if (!row || !row->is_object()) return fail("a line that read gives is no JSON object: " + line);
    std::erase_if(*row->as_object(),
                  [](const Json::Member& member) { return member.key.starts_with("_dlt_") || member.value.is_null(); });
    return to_canonical_json(*row);
  }

  const Suite& suite_;
  const std::string dataset_;
  const StateFolder folder_;
  int lives_ = 0;
};

const Documents first_users = {R"({"id": 1, "name": "Ann"})", R"({"id": 2, "name": "Bo"})"};
const Documents second_users = {R"({"id": 3, "name": "Cy"})"};

Documents both() {
  Documents all = first_users;
  all.insert(all.end(), second_users.begin(), second_users.end());
  return all;
}

/// The first that was wrong. Each is asked only where nothing was so far.
template <class... Steps>
Verdict first_of(Steps&&... steps) {
  Verdict wrong;
  static_cast<void>(((wrong = steps(), wrong.has_value()) || ...));
  return wrong;
}

Verdict a_dataset_that_is_not_there_is_empty(Bench& bench) {
  const auto looked = bench.opened();
  if (!looked) return looked.error().message;
  DatasetDestination& destination = **looked;
  const auto there = destination.has_load(bench.dataset(), "1700000000.1");
  if (!there) return "has_load: " + there.error().message;
  if (*there) return "has_load has a load that nobody has brought";
  const auto schema = destination.stored_schema(bench.dataset(), "", "");
  if (!schema) return "stored_schema: " + schema.error().message;
  if (*schema) return "it has a schema that nobody has stored";
  const auto state = destination.stored_state(bench.dataset(), own_name);
  if (!state) return "stored_state: " + state.error().message;
  if (*state) return "it has a state that nobody has stored";
  if (const Status told = destination.abandon_load(bench.dataset(), "1700000000.1"); !told)
    return "abandon_load of a load that it does not know: " + told.error().message;
  return first_of([&] { return bench.check_loads(0); }, [&] { return bench.check_rows("users", {}); });
}

Verdict rows_are_appended(Bench& bench) {
  return first_of([&] { return bench.must_run({.documents = first_users}); },
                  [&] { return bench.check_rows("users", first_users); }, [&] { return bench.check_loads(1); },
                  [&] { return bench.must_run({.documents = second_users}); },
                  [&] { return bench.check_rows("users", both()); }, [&] { return bench.check_loads(2); });
}

Verdict nested_rows_go_into_tables_of_their_own(Bench& bench) {
  return first_of([&] { return bench.must_run({.documents = {R"({"id": 1, "tags": [{"t": "a"}, {"t": "b"}]})"}}); },
                  [&] { return bench.check_rows("users", {R"({"id": 1})"}); },
                  [&] { return bench.check_rows("users__tags", {R"({"t": "a"})", R"({"t": "b"})"}); });
}

Verdict values_come_back_as_they_were(Bench& bench) {
  const Documents values = {
      R"({"id": 1, "text": "a\"b\\c\n\u0001 é 🦚", "big": 9223372036854775807, "real": 0.1, "yes": true})",
      R"({"id": 2, "text": "", "big": -9223372036854775808, "real": -1e300, "yes": false})",
      R"({"id": 3, "text": "2024-01-02T03:04:05", "at": "2024-01-02T03:04:05.123456Z"})"};
  return first_of([&] { return bench.must_run({.documents = values}); },
                  [&] { return bench.check_rows("users", values); });
}

Verdict schemas_are_kept(Bench& bench) {
  Verdict wrong = first_of([&] { return bench.must_run({.documents = first_users}); },
                           [&] { return bench.must_run({.documents = {R"({"id": 3, "late": true})"}}); });
  if (wrong) return wrong;
  const auto looked = bench.opened();
  if (!looked) return looked.error().message;
  const auto loads = (*looked)->loads(bench.dataset());
  if (!loads || loads->size() != 2) return "two loads should be complete";
  for (const DatasetLoad& load : *loads) {
    const auto by_hash = (*looked)->stored_schema(bench.dataset(), load.schema_name, load.schema_version_hash);
    if (!by_hash) return "stored_schema: " + by_hash.error().message;
    if (!*by_hash) return fmt::format("the schema of load {} is not found by its hash", load.load_id);
    if ((*by_hash)->version_hash != load.schema_version_hash) return "stored_schema gives the schema of another hash";
    if (!parse_json((*by_hash)->document)) return "the document of a schema is not what was stored";
  }
  const auto newest = (*looked)->stored_schema(bench.dataset(), "", "");
  if (!newest || !*newest) return "the schema that was stored last is not found";
  if ((*newest)->document.find("\"late\"") == std::string::npos) return "stored_schema gives not the one stored last";
  if (loads->at(0).schema_version_hash == loads->at(1).schema_version_hash)
    return "loads of two schemas have one version hash";
  const auto of_another = (*looked)->stored_schema(bench.dataset(), "another", "");
  if (!of_another || *of_another) return "stored_schema gives a schema of another name";
  return {};
}

/// A pipeline that lost its data directory goes on with what the destination has.
Verdict state_is_kept_with_the_load(Bench& bench) {
  Verdict wrong = first_of([&] { return bench.must_run({.documents = first_users}); });
  if (wrong) return wrong;
  const auto looked = bench.opened();
  if (!looked) return looked.error().message;
  const auto state = (*looked)->stored_state(bench.dataset(), own_name);
  if (!state) return "stored_state: " + state.error().message;
  if (!*state) return "the state of the pipeline is not found";
  if (!(*looked)->has_load(bench.dataset(), (*state)->load_id).value_or(false))
    return "the state is that of a load that is not complete";
  const auto of_another = (*looked)->stored_state(bench.dataset(), "another");
  if (!of_another || *of_another) return "stored_state gives the state of another pipeline";
  bench.forget();
  return first_of([&] { return bench.must_run({.documents = second_users}); },
                  [&] { return bench.check_rows("users", both()); }, [&] { return bench.check_loads(2); });
}

/// Each of the rows at least once.
Verdict check_has_rows(Bench& bench, const std::string& table, const Documents& expected) {
  return bench.may_repeat() ? bench.check_has(table, expected) : bench.check_rows(table, expected);
}

Verdict a_lost_answer_is_resolved(Bench& bench) {
  const Break behind{.at = BreakAt::complete_load, .when = BreakWhen::behind, .remedy = Remedy::resolve};
  const Break before{.at = BreakAt::complete_load, .when = BreakWhen::before, .remedy = Remedy::retry};
  return first_of([&] { return bench.must_run({.documents = first_users, .point = behind}); },
                  [&] { return bench.check_rows("users", first_users); }, [&] { return bench.check_loads(1); },
                  [&] { return bench.must_run({.documents = second_users, .point = before, .attempts_max = 2}); },
                  [&] { return check_has_rows(bench, "users", both()); }, [&] { return bench.check_loads(2); });
}

std::string_view name_of(BreakAt at) {
  switch (at) {
    case BreakAt::migrate:
      return "migrate";
    case BreakAt::begin_load:
      return "begin_load";
    case BreakAt::load_job:
      return "load_job";
    case BreakAt::complete_load:
      return "complete_load";
  }
  return "";
}

std::string_view name_of(BreakWhen when) {
  switch (when) {
    case BreakWhen::before:
      return "before";
    case BreakWhen::amid:
      return "amid";
    case BreakWhen::behind:
      return "behind";
  }
  return "";
}

/// Between any two calls a process may die.
std::vector<Break> all_breaks() {
  std::vector<Break> points;
  points.push_back({.at = BreakAt::load_job, .when = BreakWhen::amid});
  for (const BreakWhen when : {BreakWhen::before, BreakWhen::behind}) {
    points.push_back({.at = BreakAt::migrate, .when = when});
    points.push_back({.at = BreakAt::begin_load, .when = when});
    points.push_back({.at = BreakAt::load_job, .when = when});
    points.push_back({.at = BreakAt::load_job, .when = when, .nth = 2});
    points.push_back({.at = BreakAt::complete_load, .when = when});
  }
  return points;
}

/// A load with a new column and a nested table is broken off, and resumed by another process.
Verdict break_off(Bench& bench, const Break& point, WriteDisposition disposition) {
  const bool is_replaced = disposition == WriteDisposition::replace;
  const bool is_there = point.at == BreakAt::complete_load && point.when == BreakWhen::behind;
  const Documents before = {R"({"id": 1, "tags": [{"t": "a"}]})"};
  const Documents users_before = {R"({"id": 1})"};
  const Documents more = {R"({"id": 2, "late": true, "tags": [{"t": "b"}, {"t": "c"}]})", R"({"id": 3})"};
  Documents users_after = {R"({"id": 2, "late": true})", R"({"id": 3})"};
  Documents tags_after = {R"({"t": "b"})", R"({"t": "c"})"};
  if (!is_replaced) {
    users_after.push_back(users_before.front());
    tags_after.emplace_back(R"({"t": "a"})");
  }
  if (Verdict wrong = bench.must_run({.documents = before}); wrong) return wrong;
  const Report broken = bench.run({.documents = more, .disposition = disposition, .point = point});
  // Of one that is complete the error is no news: it is asked what it has.
  if (!broken.error && !is_there) return "a load that was broken off was reported as delivered";
  if (broken.error && is_there) return "a load that is complete was reported as failed: " + broken.error->message;
  if (bench.is_transactional()) {
    if (Verdict seen = bench.check_rows("users", is_there ? users_after : users_before); seen)
      return "once it was broken off: " + *seen;
  }
  return first_of([&] { return bench.check_loads(is_there ? 2 : 1); }, [&] { return bench.resume(); },
                  [&] { return bench.check_loads(2); }, [&] { return check_has_rows(bench, "users", users_after); },
                  [&] { return check_has_rows(bench, "users__tags", tags_after); });
}

Verdict replaced_rows_go(Bench& bench) {
  const Documents nested = {R"({"id": 1, "tags": [{"t": "a"}]})"};
  return first_of([&] { return bench.must_run({.documents = nested}); },
                  [&] { return bench.must_run({.documents = first_users, .table = "others"}); },
                  [&] { return bench.must_run({.documents = second_users, .disposition = WriteDisposition::replace}); },
                  [&] { return bench.check_rows("users", second_users); },
                  [&] { return bench.check_rows("users__tags", {}); },
                  [&] { return bench.check_rows("others", first_users); });
}

Verdict rows_are_merged(Bench& bench, MergeStrategy strategy) {
  const Documents changed = {R"({"id": 2, "name": "Bea"})", R"({"id": 3, "name": "Cy"})"};
  const bool is_kept = strategy == MergeStrategy::insert_only;
  const Documents expected = {first_users.front(), is_kept ? first_users.back() : changed.front(), changed.back()};
  const auto merge = [&](const Documents& documents) {
    return bench.must_run({.documents = documents, .disposition = WriteDisposition::merge, .strategy = strategy});
  };
  return first_of([&] { return merge(first_users); }, [&] { return merge(changed); },
                  [&] { return bench.check_rows("users", expected); }, [&] { return merge(changed); },
                  [&] { return bench.check_rows("users", expected); });
}

struct Case {
  std::string name;
  std::function<Verdict(Bench&)> run;
  std::string skipped{};
};

std::vector<Case> breaking_cases(WriteDisposition disposition, const std::string& skipped) {
  std::vector<Case> cases;
  for (const Break& point : all_breaks()) {
    cases.push_back(
        {.name = fmt::format("{} goes on when it was broken off {} {}{}", name(disposition), name_of(point.when),
                             name_of(point.at), point.nth == 2 ? " of the second job" : ""),
         .run = [point, disposition](Bench& bench) { return break_off(bench, point, disposition); },
         .skipped = skipped});
  }
  return cases;
}

std::vector<Case> all_cases(const DatasetOptions& options) {
  const auto without = [&options](WriteDisposition disposition) -> std::string {
    const auto& has = options.write_dispositions;
    return std::ranges::find(has, disposition) != has.end() ? "" : fmt::format("it does not {}", name(disposition));
  };
  const std::string no_nesting = options.max_table_nesting == 0 ? "what is nested has no tables" : "";
  const std::string no_append = without(WriteDisposition::append);
  std::vector<Case> cases = {
      {"a dataset that is not there is empty", a_dataset_that_is_not_there_is_empty},
      {"rows are appended", rows_are_appended, no_append},
      {"nested rows go into tables of their own", nested_rows_go_into_tables_of_their_own, no_append + no_nesting},
      {"values come back as they were", values_come_back_as_they_were, no_append},
      {"schemas are kept", schemas_are_kept, no_append},
      {"state is kept with the load", state_is_kept_with_the_load, no_append},
      {"a lost answer is resolved", a_lost_answer_is_resolved, no_append},
  };
  for (Case& one : breaking_cases(WriteDisposition::append, no_append + no_nesting)) cases.push_back(std::move(one));
  const std::string no_replace = no_append + without(WriteDisposition::replace);
  cases.push_back({"replaced rows go, with what is nested in them", replaced_rows_go, no_replace + no_nesting});
  for (Case& one : breaking_cases(WriteDisposition::replace, no_replace + no_nesting)) cases.push_back(std::move(one));
  for (const MergeStrategy strategy :
       {MergeStrategy::delete_insert, MergeStrategy::upsert, MergeStrategy::insert_only}) {
    const bool has = std::ranges::find(options.merge_strategies, strategy) != options.merge_strategies.end();
    cases.push_back({.name = fmt::format("rows are merged ({})", name(strategy)),
                     .run = [strategy](Bench& bench) { return rows_are_merged(bench, strategy); },
                     .skipped = has ? "" : "it does not merge so"});
  }
  return cases;
}

Verdict run_case(const Case& one, const Suite& suite, std::string dataset) {
  try {
    Bench bench(suite, std::move(dataset));
    return one.run(bench);
  } catch (const std::exception& thrown) {
    return fmt::format("it threw: {}", thrown.what());
  } catch (...) {
    return "it threw something that is no std::exception";
  }
}

Result<ConformanceReport> run_suite(const Suite& suite) {
  const std::shared_ptr<DatasetDestination> first = suite.quirks.make ? suite.quirks.make() : nullptr;
  if (first == nullptr) {
    return fail(Error{.message = "the conformance suite was given no destination",
                      .hint = "have ConformanceQuirks::make answer one",
                      .blame = Blame::usage});
  }
  ConformanceReport report;
  for (const Case& one : all_cases(first->options())) {
    ConformanceCase& told = report.cases.emplace_back(ConformanceCase{.name = one.name, .skipped = one.skipped});
    if (!one.skipped.empty()) continue;
    const std::string dataset = fmt::format("{}_{}", suite.quirks.dataset, report.cases.size());
    told.failure = run_case(one, suite, dataset).value_or("");
  }
  return report;
}

Error no_dataset(const std::string& destination) {
  return {
      .message = fmt::format("destination {}: the conformance suite is for plugins that take whole loads", destination),
      .hint = "name one, plugin:PATH#NAME (docs/own-database.md)",
      .blame = Blame::usage};
}

}  // namespace

Result<ConformanceReport> test_conformance(const ConformanceQuirks& quirks) {
  return run_suite({.quirks = quirks});
}

Result<ConformanceReport> test_conformance(const std::string& destination) {
  const Result<config::Settings> read = engine::read_settings();
  if (!read) return fail(read.error());
  const Result<engine::DestinationSettings> found = engine::find_destination({.word = destination}, *read);
  if (!found) return fail(found.error());
  if (!found->address.starts_with("plugin:")) return fail(no_dataset(destination));
  const auto load = [&found] { return destinations::function::load_plugin(found->address, found->name, nullptr); };
  const Result<std::shared_ptr<OwnDestination>> first = load();
  if (!first) return fail(first.error());
  if ((*first)->in_loads() == nullptr) return fail(no_dataset(destination));
  const Result<Configuration> configuration = Configuration::load({.name = found->name});
  if (!configuration) return fail(configuration.error());
  const auto make = [&load]() -> std::shared_ptr<DatasetDestination> {
    const Result<std::shared_ptr<OwnDestination>> made = load();
    return made ? std::shared_ptr<DatasetDestination>(*made, (*made)->in_loads()) : nullptr;
  };
  const ConformanceQuirks quirks{.make = make, .dataset = fmt::format("conformance_{}", Env::system().now_us())};
  return run_suite(
      {.quirks = quirks, .settings = [&configuration](std::string_view key) { return configuration->text(key); }});
}

std::string to_json(const ConformanceReport& report) {
  Json out = Json::object();
  out.set("passed", report.has_passed());
  out.set("cases", list_json(report.cases, [](const ConformanceCase& one) {
            Json entry = Json::object();
            entry.set("name", one.name);
            entry.set("failure", text_or_null(one.failure));
            entry.set("skipped", text_or_null(one.skipped));
            return entry;
          }));
  return to_json(out);
}

}  // namespace outfall
