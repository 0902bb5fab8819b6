// SPDX-License-Identifier: Apache-2.0
#include "cli/batch_options.h"

#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "cli/typed_values.h"

namespace outfall::cli {
namespace {

struct BatchOption {
  const char* name;
  const char* value;  ///< what --help calls it; null: the option has none
  const char* help;
  Status (*take)(std::string_view name, const std::string& text, BatchOptions& batches);
};

template <auto member, std::int64_t least, std::int64_t most>
Status whole_number(std::string_view name, const std::string& text, BatchOptions& batches) {
  return take(parse_number(name, text, {least, most}), batches.*member);
}

template <auto member>
Status size(std::string_view name, const std::string& text, BatchOptions& batches) {
  return take(parse_size(name, text), batches.*member);
}

/// Exit codes with commas between them.
template <auto member>
Status codes(std::string_view name, const std::string& text, BatchOptions& batches) {
  constexpr std::int64_t code_most = 255;
  std::vector<int>& codes = (batches.*member).emplace();
  std::string_view rest = text;
  while (true) {
    const std::size_t comma = rest.find(',');
    const Result<std::int64_t> code = parse_number(name, rest.substr(0, comma), {1, code_most});
    if (!code) return fail(code.error());
    codes.push_back(static_cast<int>(*code));
    if (comma == std::string_view::npos) return {};
    rest.remove_prefix(comma + 1);
  }
}

/// `--name` alone.
template <auto member>
Status flag(std::string_view, const std::string& text, BatchOptions& batches) {
  if (text == "true") batches.*member = true;
  return {};
}

Status timeout(std::string_view name, const std::string& text, BatchOptions& batches) {
  constexpr std::int64_t seconds_most = std::chrono::seconds(BatchOptions::timeout_most).count();
  return take_number(name, text, {1, seconds_most},
                     [&](std::int64_t seconds) { batches.timeout = std::chrono::seconds(seconds); });
}

Status rate(std::string_view name, const std::string& text, BatchOptions& batches) {
  return take(parse_rate(name, text), batches.rate_limit);
}

Status raise_on_failed_jobs(std::string_view name, const std::string& text, BatchOptions& batches) {
  return take(on_or_off(name, text), batches.raise_on_failed_jobs);
}

Status format(std::string_view name, const std::string& text, BatchOptions& batches) {
  using enum LoaderFileFormat;
  return take(one_of(name, text, {jsonl, typed_jsonl, parquet, arrow, csv}), batches.loader_file_format);
}

Status order(std::string_view name, const std::string& text, BatchOptions& batches) {
  using enum Parallelism;
  return take(one_of(name, text, {parallel, table_sequential, sequential}), batches.parallelism);
}

Status progress(std::string_view name, const std::string& text, BatchOptions& batches) {
  using enum BatchProgress;
  return take(one_of(name, text, {strict, grouped}), batches.progress);
}

Status nulls(std::string_view name, const std::string& text, BatchOptions& batches) {
  using enum RowNulls;
  return take(one_of(name, text, {omit, send, as_is}), batches.nulls);
}

using B = BatchOptions;
constexpr const char* batch_size_name = "--batch-size";
constexpr std::array options{
    BatchOption{batch_size_name, "N", "Rows of a batch; 0: a job file, as a path. Default: 10",
                whole_number<&B::batch_size, 0, B::batch_size_most>},
    BatchOption{"--loader-file-format", "FORMAT",
                "How rows are written: jsonl (default), typed-jsonl, parquet, arrow, csv", format},
    BatchOption{"--recommended-file-size", "SIZE",
                "Bytes of a job file from which on a table gets another one. Default: a table is one job file",
                size<&B::recommended_file_size>},
    BatchOption{"--reject-on", "CODES", "Exit codes of cmd: that reject the batch. Default: 65", codes<&B::reject_on>},
    BatchOption{"--retry-on", "CODES", "Exit codes of cmd: that ask for another attempt. Default: 75",
                codes<&B::retry_on>},
    BatchOption{"--max-parallel-load-jobs", "N", "Batches that are out at once, each of another job file. Default: 20",
                whole_number<&B::load_jobs_max, 1, B::load_jobs_most>},
    BatchOption{"--parallelism", "HOW",
                "Job files: parallel (default), table-sequential (those of a table in their order), or sequential",
                order},
    BatchOption{"--timeout", "SECONDS", "How long a call may take. Default: as long as it wants", timeout},
    BatchOption{"--max-attempts", "N",
                "How often a batch, or a load into DuckDB, is sent in one run; 0: for 15 minutes. Default: 5",
                whole_number<&B::attempts_max, 0, B::attempts_most>},
    BatchOption{"--raise-on-failed-jobs", "ON|OFF",
                "What the program gives up is an error (on, default), or a note (off); the exit code is 4 either way",
                raise_on_failed_jobs},
    BatchOption{"--batch-bytes", "SIZE", "Bytes of a batch as JSON, unless it is one row, such as 1MB",
                size<&B::batch_bytes>},
    BatchOption{"--max-in-flight", "N",
                "Batches that are out at once, of all job files. Default: --max-parallel-load-jobs",
                whole_number<&B::in_flight_max, 1, B::load_jobs_most>},
    BatchOption{"--rate-limit", "RATE", "Batches in a while, repeated ones among them: 10/s, 600/m, 1000/h", rate},
    BatchOption{"--batch-progress", "HOW",
                "When a delivered batch is on the disk as such: strict (before the next one), or grouped (10 ms later "
                "at most). Default: strict for batches below 1000 rows",
                progress},
    BatchOption{"--deduplicates", nullptr,
                "Of cmd: the command notices a key that it had, so what comes again has no effect",
                flag<&B::deduplicates>},
    BatchOption{"--nulls", "HOW",
                "Keys without a value: omit (default), send (a null for each column), or as_is (as the documents have "
                "them)",
                nulls},
    BatchOption{"--ints-as-strings", nullptr,
                "Write integers beyond 2^53, which many programs read as doubles, as strings",
                flag<&B::ints_as_strings>},
};

}  // namespace

void add_batch_options(CLI::App& app, TypedBatches& typed, BatchSize size) {
  typed.resize(options.size());
  for (std::size_t i = 0; i < options.size(); ++i) {
    const BatchOption& option = options[i];
    if (size == BatchSize::is_one && std::string_view(option.name) == batch_size_name) continue;
    CLI::Option* added = option.value == nullptr ? app.add_flag(option.name, typed[i], option.help)
                                                 : app.add_option(option.name, typed[i], option.help);
    if (option.value != nullptr) added->type_name(option.value);
    added->group(batch_group);
  }
}

Status take_batches(const TypedBatches& typed, BatchOptions& batches) {
  for (std::size_t i = 0; i < typed.size(); ++i) {
    if (typed[i].empty()) continue;
    if (Status taken = options[i].take(options[i].name, typed[i], batches); !taken) return taken;
  }
  return {};
}

}  // namespace outfall::cli
