// SPDX-License-Identifier: Apache-2.0
#include "engine/question.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "base/file.h"
#include "engine/configured_address.h"
#include "engine/pipeline_names.h"
#include "engine/registry.h"
#include "ledger/data_dir.h"
#include "ledger/ledger.h"

namespace outfall::engine {
namespace {

using delivery::Destination;

/// What is to be asked, in full.
struct Asked {
  std::string address;
  std::string dataset;  ///< may be empty
};

Error usage(std::string message, std::string hint) {
  return {.message = std::move(message), .hint = std::move(hint), .blame = Blame::usage};
}

std::string listed(std::span<const std::string> names) {
  constexpr std::size_t names_max = 10;  // a hint is one line
  std::string list;
  for (const std::string& name : names.first(std::min(names_max, names.size()))) {
    list += (list.empty() ? "" : ", ") + name;
  }
  return names.size() > names_max ? list + ", ..." : list;
}

Result<Asked> target_of_pipeline(const QueryOptions& options) {
  const std::string& name = options.destination;
  Result<PipelinesFound> called = find_pipelines({.data_dir = options.data_dir, .state = options.state}, name);
  if (!called) {
    if (const Result<bool> file = file_exists(name); file && *file) {
      called.error().hint = fmt::format("a file takes its kind in front: duckdb:{0} or sqlite:{0}", name);
    }
    return fail(std::move(called.error()));
  }
  if (called->keys.size() > 1) {
    return fail(usage(fmt::format("{} pipelines are called '{}'", called->keys.size(), name),
                      fmt::format("name one of them in full: {}", listed(called->keys))));
  }
  Result<ledger::PipelinePaths> paths = ledger::pipeline_paths(called->data_dir, called->keys.front());
  if (!paths) return fail(std::move(paths.error()));
  Result<ledger::Ledger> ledger = ledger::Ledger::open_read_only(paths->database);
  if (!ledger) return fail(std::move(ledger.error()));
  Result<std::optional<ledger::Binding>> binding = ledger->binding();
  if (!binding) return fail(std::move(binding.error()));
  if (!*binding) {
    return fail(usage(fmt::format("pipeline '{}' has no destination yet", name), "let one run of it come to an end"));
  }
  return Asked{.address = std::move((*binding)->destination), .dataset = std::move((*binding)->dataset)};
}

bool is_pipeline(const QueryOptions& options) {
  return find_pipelines({.data_dir = options.data_dir, .state = options.state}, options.destination).has_value();
}

/// A destination of the configuration, else a pipeline.
Result<Asked> target_of_name(const QueryOptions& options) {
  const std::string& name = options.destination;
  const Result<config::Settings> settings = read_settings();
  if (!settings) return fail(settings.error());
  const auto configured = find_configured(*settings, name);
  if (!configured) return fail(configured.error());
  if (!*configured) return target_of_pipeline(options);
  if (!is_pipeline(options)) return Asked{.address = name, .dataset = {}};
  return fail(usage(fmt::format("'{}' is a destination ({}) and a pipeline", name, (*configured)->place.text()),
                    "give the pipeline's destination by its address, or call one of the two something else"));
}

Result<Asked> target_of(const QueryOptions& options) {
  Result<Asked> target = options.destination.find(':') == std::string::npos
                             ? target_of_name(options)
                             : Result<Asked>(Asked{.address = options.destination, .dataset = {}});
  if (target && !options.dataset.empty()) target->dataset = options.dataset;
  return target;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// A dataset that was not named is found, if there is no choice.
Status choose_dataset(Destination& destination, const Asked& target, const QueryOptions& options, QueryReport& report) {
  report.dataset = target.dataset;
  if (!report.dataset.empty()) return {};
  Result<std::vector<std::string>> datasets = destination.datasets(options.stop);
  if (!datasets) return fail(std::move(datasets.error()));
  if (datasets->size() == 1) {
    report.dataset = std::move(datasets->front());
  } else {
    report.others = std::move(*datasets);
  }
  return {};
}

}  // namespace

Error with_query_hint(Error error, const QueryReport& report) {
  if (!error.hint.empty()) return error;
  if (contains(error.message, "session that only reads") || contains(error.message, "read-only mode") ||
      contains(error.message, "transaction is launched in read-only") ||
      contains(error.message, "in a read-only transaction")) {
    error.hint = "a query only reads unless it is told otherwise: --write";
  } else if (contains(error.message, "does not exist") && report.dataset.empty() && !report.others.empty()) {
    error.hint = fmt::format("there are several datasets, choose with --dataset: {}", listed(report.others));
  } else if (contains(error.message, "Table with name") && contains(error.message, "does not exist")) {
    error.hint = "the query \"show tables\" says what is there";
  }
  return error;
}

Result<Question> prepare_question(const QueryOptions& options) {
  const Result<Asked> target = target_of(options);
  if (!target) return fail(target.error());
  const bool writes = options.access == QueryAccess::write;
  Result<std::unique_ptr<Destination>> destination =
      make_destination(target->address, {.memory = options.memory}, Env::system());
  if (!destination) return fail(std::move(destination.error()));

  QueryReport report{.destination = (*destination)->address(), .dataset = {}, .others = {}};
  const Status chosen = choose_dataset(**destination, *target, options, report);
  // A database that a writing statement is about to make has no datasets yet.
  if (!chosen && !writes) return fail(chosen.error());
  delivery::QueryRequest request{
      .sql = options.statement,
      .dataset = report.dataset,
      .access = writes ? delivery::QueryAccess::read_write : delivery::QueryAccess::read_only,
      .stop = options.stop};
  return Question{std::move(*destination), std::move(request), std::move(report)};
}

}  // namespace outfall::engine
