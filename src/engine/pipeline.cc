// SPDX-License-Identifier: Apache-2.0
//
// The public face of a pipeline's run: checks what was asked for, makes the source, and runs it.
#include "outfall/pipeline.h"

#include <algorithm>
#include <utility>

#include "engine/pipeline_names.h"
#include "engine/target.h"
#include "pipeline/extract.h"
#include "sources/files/file_source.h"

namespace outfall {
namespace {

constexpr std::size_t run_key_bytes_max = 500;  // it stands in messages

Error misuse(std::string message, std::string hint) {
  return {.message = std::move(message), .hint = std::move(hint), .blame = Blame::usage};
}

Status check_run_key(const RunOptions& options) {
  if (!options.run_key) return {};
  if (std::ranges::find(options.inputs, "-") == options.inputs.end()) {
    return fail(misuse("--run-key names standard input, and none is read", "files are known by path and content"));
  }
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  const bool is_text = !options.run_key->empty() && std::ranges::none_of(*options.run_key, is_control);
  if (is_text && options.run_key->size() <= run_key_bytes_max) return {};
  return fail(misuse("--run-key is empty, too long, or has control characters",
                     "a key is one line of text, such as a date or the number of a build"));
}

Status check(const RunOptions& options) {
  const auto refuse = [](std::string message, std::string hint) {
    return fail(misuse(std::move(message), std::move(hint)));
  };
  if (options.table_per_file && !options.table.empty())
    return refuse("--table-per-file and --table contradict each other", "use one of the two");
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
  return check_run_key(options);
}

sources::CsvOptions csv_options(const CsvInput& input) {
  return {.delimiter = input.delimiter,
          .quote = input.quote,
          .header = input.header ? sources::CsvHeader::first_record : sources::CsvHeader::none,
          .null_texts = input.nulls,
          .encoding = input.encoding,
          .types = input.types};
}

std::string describe(const RunOptions& options) {
  std::string command = "run";
  for (const std::string& input : options.inputs) command += " " + input;
  return command;
}

}  // namespace

Pipeline::Pipeline(PipelineOptions options) : options_(std::move(options)) {}

Report Pipeline::run(const RunOptions& options) {
  if (Status checked = check(options); !checked) return engine::failed_report(options_, std::move(checked.error()));
  const Result<std::string> data_dir = engine::find_data_dir(options_.data_dir);
  if (!data_dir) return engine::failed_report(options_, data_dir.error());
  auto source = sources::FileSource::make(
      {.named = options.inputs,
       .table = options.table,
       .folders = options.table_per_file ? sources::FolderTables::per_file : sources::FolderTables::one,
       .run_key = options.run_key.value_or(""),
       .format = options.input_format,
       .csv = csv_options(options.csv),
       .workers = pipeline::worker_count(options),
       .missing = options.allow_missing ? sources::Missing::allowed : sources::Missing::refused,
       .on_bad_files = options.on_bad_files,
       .spool_folder = *data_dir,
       .chunk_bytes = options.chunk,
       .memory_bytes = options.memory / 2,
       .stop = options.stop});
  if (!source) return engine::failed_report(options_, std::move(source.error()));
  const auto target = engine::find_target(options_, options, **source);
  if (!target) return engine::failed_report(options_, target.error());
  return engine::run_target(
      {.target = *target, .options = options_, .run = options, .source = source->get(), .command = describe(options)});
}

}  // namespace outfall
