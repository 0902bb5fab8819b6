// SPDX-License-Identifier: Apache-2.0
//
// The public face of a pipeline: finds out what it is called and where it goes, makes source and destination, and runs
// it.
#include "outfall/pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/hash.h"
#include "engine/registry.h"
#include "ledger/data_dir.h"
#include "ledger/ledger.h"
#include "pipeline/run.h"
#include "schema/naming.h"
#include "sources/files/file_source.h"

namespace outfall {
namespace {

constexpr std::string_view several_tables_name = "outfall";
constexpr std::size_t key_hash_digits = 8;

/// Which pipeline a run belongs to, and where it goes.
struct Target {
  std::string name;
  std::string key;
  std::string address;
  std::string dataset;
  std::string data_dir;
};

Report failed(const PipelineOptions& options, Error error) {
  Report report;
  report.pipeline = options.name;
  report.destination = options.destination;
  report.ending = error.blame == Blame::usage ? Ending::misuse : Ending::failed;
  report.error = std::move(error);
  return report;
}

Result<std::string> find_data_dir(const PipelineOptions& options) {
  Result<ledger::DataDirSearch> search = ledger::DataDirSearch::from_process(options.data_dir);
  if (!search) return fail(std::move(search.error()));
  return ledger::resolve_data_dir(*search);
}

/// What an earlier run of the pipeline was tied to, if there was one.
Result<std::optional<ledger::Binding>> remembered_binding(const std::string& data_dir, const std::string& key) {
  const Result<ledger::PipelinePaths> paths = ledger::pipeline_paths(data_dir, key);
  if (!paths) return fail(paths.error());
  return ledger::Ledger::binding_at(paths->database);
}

std::string default_dataset(const std::string& pipeline) {
  return schema::Naming(NamingConvention::snake_case).normalize_table_identifier(pipeline + "_dataset");
}

/// A pipeline that was not named is called after its table, or after the program where there are several.
std::string name_from_tables(const normalize::DocumentSource& source) {
  const schema::Naming naming(NamingConvention::snake_case);
  std::set<std::string> tables;
  for (const normalize::SourceInput& input : source.inputs())
    tables.insert(naming.normalize_table_identifier(input.table));
  return tables.size() == 1 ? *tables.begin() : std::string(several_tables_name);
}

/// The folder of a pipeline that was not named: its name and a hash of all that it loads into.
std::string key_from_target(const Target& target, const normalize::DocumentSource& source) {
  std::set<std::string> tables;
  for (const normalize::SourceInput& input : source.inputs()) tables.insert(input.table);
  ContentHash hash;
  for (const std::string& table : tables) hash.update(table + '\n');
  hash.update(target.address + '\n' + target.dataset);
  return target.name + "-" + hash.hex().substr(0, key_hash_digits);
}

/// A bare `duckdb` is a file in the working directory that is named after the pipeline.
std::string complete_address(const std::string& address, const std::string& pipeline) {
  return address.empty() || address == "duckdb" ? fmt::format("duckdb:{}.duckdb", pipeline) : address;
}

engine::DestinationOptions destination_options(const RunOptions& options) {
  return {.memory = engine::database_memory(options.memory), .threads = options.workers};
}

Result<Target> find_target(const PipelineOptions& options, const RunOptions& run,
                           const normalize::DocumentSource& source) {
  Target target{.name = options.name};
  Result<std::string> data_dir = find_data_dir(options);
  if (!data_dir) return fail(std::move(data_dir.error()));
  target.data_dir = std::move(*data_dir);

  std::optional<ledger::Binding> binding;
  if (target.name.empty()) {
    target.name = name_from_tables(source);
  } else {
    target.key = target.name;
    auto known = remembered_binding(target.data_dir, target.key);
    if (!known) return fail(std::move(known.error()));
    binding = std::move(*known);
  }
  const std::string asked = options.destination.empty() && binding ? binding->destination : options.destination;
  const auto destination =
      engine::make_destination(complete_address(asked, target.name), destination_options(run), Env::system());
  if (!destination) return fail(destination.error());
  target.address = (*destination)->address();
  target.dataset = !options.dataset.empty() ? options.dataset
                   : binding                ? binding->dataset
                                            : default_dataset(target.name);
  if (target.key.empty()) target.key = key_from_target(target, source);
  return target;
}

Report run_target(const Target& target, const PipelineOptions& options, const RunOptions& run,
                  normalize::DocumentSource* source, std::string command) {
  auto destination = engine::make_destination(target.address, destination_options(run), Env::system());
  if (!destination) return failed(options, std::move(destination.error()));
  return pipeline::run({.name = target.name,
                        .key = target.key,
                        .dataset = target.dataset,
                        .data_dir = target.data_dir,
                        .lock_wait = options.lock_wait,
                        .command = std::move(command),
                        .options = run,
                        .destination = **destination,
                        .source = source,
                        .env = Env::system()});
}

Status check(const RunOptions& options) {
  const auto refuse = [](std::string message, std::string hint) {
    return fail(Error{.message = std::move(message), .hint = std::move(hint), .blame = Blame::usage});
  };
  if (options.inputs.empty())
    return refuse("no input was named", "name a file, a glob, a folder, or - for standard input");
  if (options.workers < 0) return refuse("the number of workers is negative", "0 takes one a core");
  if (options.chunk == 0) return refuse("a chunk of no bytes holds no document", "the usual chunk is 1 MiB");
  if (options.skip_loaded && options.write_disposition == WriteDisposition::replace) {
    return refuse("--skip-loaded leaves inputs out, and replacing a table takes all of them", "use one of the two");
  }
  if (options.max_table_nesting && *options.max_table_nesting < 0) {
    return refuse("the nesting of tables is negative", "0 keeps objects and lists as JSON");
  }
  return {};
}

std::string describe(const RunOptions& options) {
  std::string command = "run";
  for (const std::string& input : options.inputs) command += " " + input;
  return command;
}

/// The pipelines that a resume concerns: the named one (or those that were keyed by their target under that name), or
/// all.
Result<std::vector<std::string>> keys_to_resume(const std::string& data_dir, const std::string& name) {
  Result<std::vector<std::string>> keys = ledger::list_pipelines(data_dir);
  if (!keys || name.empty()) return keys;
  const bool exact = std::ranges::find(*keys, name) != keys->end();
  std::erase_if(*keys, [&](const std::string& key) {
    const bool keyed = key.size() == name.size() + 1 + key_hash_digits && key.starts_with(name + "-");
    return exact ? key != name : !keyed;
  });
  if (!keys->empty()) return keys;
  return fail(Error{.message = fmt::format("there is no pipeline called {} in {}", name, data_dir),
                    .hint = "outfall status lists the pipelines; --data-dir looks elsewhere",
                    .blame = Blame::usage});
}

/// Joins the report of one more pipeline to those before it.
void join(Report& all, Report next) {
  const auto append = [](auto& to, auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  append(all.packages, next.packages);
  append(all.tables, next.tables);
  append(all.notes, next.notes);
  all.balance.in += next.balance.in;
  all.balance.delivered += next.balance.delivered;
  all.balance.rejected += next.balance.rejected;
  all.balance.pending += next.balance.pending;
  all.elapsed += next.elapsed;
  if (all.ending == Ending::delivered) {
    all.ending = next.ending;
    all.error = std::move(next.error);
  }
}

}  // namespace

Pipeline::Pipeline(PipelineOptions options) : options_(std::move(options)) {}

Report Pipeline::run(const RunOptions& options) {
  if (Status checked = check(options); !checked) return failed(options_, std::move(checked.error()));
  auto source = sources::FileSource::make({.named = options.inputs,
                                           .table = options.table,
                                           .chunk_bytes = options.chunk,
                                           .memory_bytes = options.memory / 2,
                                           .stop = options.stop});
  if (!source) return failed(options_, std::move(source.error()));
  const Result<Target> target = find_target(options_, options, **source);
  if (!target) return failed(options_, target.error());
  return run_target(*target, options_, options, source->get(), describe(options));
}

Report Pipeline::resume(const RunOptions& options) {
  const Result<std::string> data_dir = find_data_dir(options_);
  if (!data_dir) return failed(options_, data_dir.error());
  const Result<std::vector<std::string>> keys = keys_to_resume(*data_dir, options_.name);
  if (!keys) return failed(options_, keys.error());

  Report all;
  all.ending = Ending::delivered;
  all.data_dir = *data_dir;
  for (const std::string& key : *keys) {
    const auto binding = remembered_binding(*data_dir, key);
    if (!binding) return failed(options_, binding.error());
    if (!*binding) continue;
    const Target target{.name = (*binding)->name,
                        .key = key,
                        .address = (*binding)->destination,
                        .dataset = (*binding)->dataset,
                        .data_dir = *data_dir};
    Report report = run_target(target, options_, options, nullptr, "resume");
    if (keys->size() == 1) return report;
    join(all, std::move(report));
  }
  if (keys->empty()) all.notes.push_back("there is no pipeline in " + *data_dir);
  return all;
}

}  // namespace outfall
