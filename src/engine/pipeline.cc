// SPDX-License-Identifier: Apache-2.0
//
// The public face of a pipeline's run: makes the source and runs it.
#include "outfall/pipeline.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "engine/configured_address.h"
#include "engine/database_source.h"
#include "engine/passed_over.h"
#include "engine/pipeline_names.h"
#include "engine/run_options.h"
#include "engine/target.h"
#include "normalize/type_conflicts.h"
#include "pipeline/extract.h"
#include "sources/files/file_source.h"
#include "sources/memory/memory_source.h"

namespace outfall {
namespace {

sources::CsvOptions csv_options(const CsvInput& input) {
  return {.delimiter = input.delimiter,
          .quote = input.quote,
          .header = input.header ? sources::CsvHeader::first_record : sources::CsvHeader::none,
          .null_texts = input.nulls,
          .encoding = input.encoding,
          .types = input.types};
}

std::string describe_database(const RunOptions& options) {
  std::string command = "run " + engine::without_secrets(options.inputs.front());
  for (const std::string& table : options.database.tables) command += " --source-table " + table;
  if (!options.database.query.empty()) command += fmt::format(" --query '{}'", options.database.query);
  return command;
}

std::string describe(const RunOptions& options, const normalize::DocumentSource& source) {
  if (options.database.is_asked()) return describe_database(options);
  std::string command = "run";
  for (const std::string& input : options.inputs) command += " " + input;
  if (options.inputs.empty()) {
    for (const normalize::SourceInput& input : source.inputs()) command += " " + input.path;
  }
  return command;
}

/// The streams among the inputs belong to the source from here on, whatever becomes of the run.
std::unique_ptr<normalize::DocumentSource> take_memory_inputs(const RunOptions& options) {
  auto source = std::make_unique<sources::MemorySource>(sources::MemorySourceOptions{
      .chunk_bytes = options.chunk, .memory_bytes = options.memory / 2, .stop = options.stop});
  for (const MemoryInput& input : options.from_memory) source->add(input);
  return source;
}

Result<std::unique_ptr<normalize::DocumentSource>> open_files(const RunOptions& options, const std::string& data_dir) {
  return sources::FileSource::make(
      {.named = options.inputs,
       .table = options.table,
       .folders = options.table_per_file ? sources::FolderTables::per_file : sources::FolderTables::one,
       .run_key = options.run_key.value_or(""),
       .format = options.input_format,
       .csv = csv_options(options.csv),
       .workers = pipeline::worker_count(options),
       .missing = options.allow_missing ? sources::Missing::allowed : sources::Missing::refused,
       .on_bad_files = options.on_bad_files,
       .keeps_streams = normalize::settles_types(options.type_conflicts),
       .spool_folder = data_dir,
       .chunk_bytes = options.chunk,
       .memory_bytes = options.memory / 2,
       .stop = options.stop});
}

Result<std::unique_ptr<normalize::DocumentSource>> make_source(const RunOptions& options,
                                                               const PipelineOptions& pipeline) {
  std::unique_ptr<normalize::DocumentSource> memory;
  if (!options.from_memory.empty()) memory = take_memory_inputs(options);
  if (Status checked = engine::check_run(options); !checked) return fail(std::move(checked.error()));
  if (memory != nullptr) return memory;
  if (options.database.is_asked()) return engine::open_database_source(options, pipeline);
  const Result<std::string> data_dir = engine::find_data_dir(pipeline.data_dir);
  if (!data_dir) return fail(data_dir.error());
  auto files = open_files(options, *data_dir);
  if (!files && files.error().blame == Blame::usage)
    return fail(engine::with_pending(std::move(files.error()), *data_dir));
  return files;
}

}  // namespace

Pipeline::Pipeline(PipelineOptions options) : options_(std::move(options)) {}

Report Pipeline::run(const RunOptions& options) {
  const std::string& typed = options.destination.empty() ? options_.destination : options.destination;
  if (Status whole = engine::check_command_is_whole(typed, options.inputs); !whole)
    return engine::failed_report(options_, std::move(whole.error()));
  auto source = make_source(options, options_);
  if (!source) return engine::failed_report(options_, std::move(source.error()));
  auto target = engine::find_target(options_, options, **source);
  if (!target) return engine::failed_report(options_, target.error());
  if (options.database.is_asked()) {
    if (Status apart = engine::check_is_elsewhere(options, **source, *target); !apart)
      return engine::failed_report(options_, std::move(apart.error()));
  }
  if (Status seen = engine::look_at_passed_over(options_, *target); !seen)
    return engine::failed_report(options_, std::move(seen.error()));
  return engine::run_target({.target = *target,
                             .options = options_,
                             .run = options,
                             .source = source->get(),
                             .command = describe(options, **source)});
}

}  // namespace outfall
