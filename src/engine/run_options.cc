// SPDX-License-Identifier: Apache-2.0
#include "engine/run_options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>

#include "base/file.h"
#include "engine/configured_address.h"
#include "pipeline/column_hints.h"
#include "schema/naming.h"
#include "schema/table.h"
#include "schema/time_zone.h"

namespace outfall::engine {
namespace {

constexpr std::size_t run_key_bytes_max = 500;  // it stands in messages

std::unexpected<Error> refuse(std::string message, std::string hint) {
  return fail(Error{.message = std::move(message), .hint = std::move(hint), .blame = Blame::usage});
}

bool is_key(const std::string& key) {
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  return !key.empty() && key.size() <= run_key_bytes_max && std::ranges::none_of(key, is_control);
}

constexpr const char* key_hint = "a key is one line of text, such as a date or the number of a build";

Status check_run_key(const RunOptions& options) {
  if (!options.run_key) return {};
  if (std::ranges::find(options.inputs, "-") == options.inputs.end()) {
    return refuse("--run-key names standard input, and none is read", "files are known by path and content");
  }
  if (is_key(*options.run_key)) return {};
  return refuse("--run-key is empty, too long, or has control characters", key_hint);
}

Status check_memory_input(const MemoryInput& input) {
  if (input.table.empty()) return refuse("an input from memory has no table", "name the table that it fills");
  if ((input.documents != nullptr) == (input.rows != nullptr)) {
    return refuse(fmt::format("the input from memory for {} has {}", input.table,
                              input.rows != nullptr ? "both documents and rows" : "neither documents nor rows"),
                  "give one of the two; each further one is an input of its own");
  }
  if (input.run_key && !is_key(*input.run_key)) {
    return refuse(fmt::format("the run_key of {} is empty, too long, or has control characters", input.table),
                  key_hint);
  }
  return {};
}

Status check_memory_inputs(const RunOptions& options) {
  if (!options.inputs.empty()) {
    return refuse("inputs from memory and files were given to one run", "run them one after the other");
  }
  std::set<std::string> keys;
  for (const MemoryInput& input : options.from_memory) {
    if (Status good = check_memory_input(input); !good) return good;
    if (input.run_key && !keys.insert(*input.run_key).second) {
      return refuse(fmt::format("two inputs have the run_key {}", *input.run_key), "give each a key of its own");
    }
  }
  return {};
}

bool is_database(std::string_view input) {
  constexpr std::array kinds{"postgres:", "postgresql:", "sqlite:", "duckdb:"};
  return std::ranges::any_of(kinds, [&](std::string_view kind) { return input.starts_with(kind); });
}

/// Whether what is said of a database is of one, and is all that has to be said.
Status check_database(const RunOptions& options) {
  const DatabaseInput& database = options.database;
  if (!database.is_asked()) {
    if (!database.cursor.empty() || database.lag)
      return refuse("--cursor is for rows of a database, and none is read", "--source-table or --query says which");
    const auto named = std::ranges::find_if(options.inputs, is_database);
    if (named == options.inputs.end()) return {};
    return refuse(fmt::format("{} is a database, and nothing says what to load of it", without_secrets(*named)),
                  "--source-table users, --source-table 'public.*' for all tables of a schema, or --query 'select ...' "
                  "--table NAME");
  }
  if (!database.tables.empty() && !database.query.empty())
    return refuse("--source-table and --query contradict each other", "use one of the two");
  if (options.inputs.size() != 1)
    return refuse(fmt::format("--source-table and --query are about one database, and {} were named",
                              options.inputs.empty() ? "none" : "several sources"),
                  "name it first: outfall run postgres://ann@localhost/shop --source-table users");
  if (!database.query.empty() && options.table.empty())
    return refuse("--query does not say where its rows go", "--table NAME names the table");
  if (database.lag && database.cursor.empty())
    return refuse("--cursor-lag says how much before the last value of a cursor is read again, and there is none",
                  "--cursor COLUMN names it");
  if (!database.cursor.empty() && options.write_disposition == WriteDisposition::replace)
    return refuse("--cursor reads only what is new, and replacing a table takes all of it", "use one of the two");
  const bool takes_all = options.merge.strategy == MergeStrategy::scd2 || options.merge.strategy == MergeStrategy::cdc;
  if (!database.cursor.empty() && takes_all && options.merge.key.empty())
    return refuse("--cursor reads only what is new, and rows that a load does not bring would end or go",
                  "use another --merge-strategy, or read everything each time");
  if (options.skip_loaded)
    return refuse("--skip-loaded knows files by their content, and a database has none",
                  "--cursor COLUMN reads only rows that are new");
  return {};
}

Status check_primary_key(const RunOptions& options) {
  for (const std::string& column : options.primary_key) {
    if (column.empty()) return refuse("a column of the primary key has no name", "-k a,b makes a and b the key");
    if (schema::is_system_name(column)) {
      return refuse(fmt::format("{} cannot be a primary key: each load gives its rows new ones", column),
                    "name columns of the data");
    }
  }
  return {};
}

bool is_key_alone(MergeOptions merge) {
  merge.key.clear();
  return !merge.is_said();
}

Status check_merge(const RunOptions& options) {
  const MergeOptions& merge = options.merge;
  const WriteDisposition disposition = options.write_disposition.value_or(WriteDisposition::merge);
  const bool removes_by_key = disposition == WriteDisposition::remove && is_key_alone(merge);
  if (merge.is_said() && disposition != WriteDisposition::merge && !removes_by_key) {
    return refuse(fmt::format("how rows are merged was said, and the disposition is {}", name(disposition)),
                  "--write-disposition merge goes with --merge-strategy, --merge-key, --hard-delete and their like");
  }
  if (options.replace_strategy && options.write_disposition != WriteDisposition::replace) {
    return refuse("how rows are replaced was said, and none are",
                  "--write-disposition replace goes with --replace-strategy");
  }
  for (const std::string& column : merge.key) {
    if (column.empty()) return refuse("a column of the merge key has no name", "--merge-key a,b makes a and b the key");
  }
  return {};
}

/// What the run reads of these once it knows its dataset is wrong in any.
Status check_types(const RunOptions& options) {
  const auto hints = pipeline::read_column_hints(options.columns, schema::Naming(NamingConvention::snake_case));
  if (!hints) return fail(hints.error());
  if (options.timezone.empty()) return {};
  const Result<schema::TimeZone> clock = schema::TimeZone::find(options.timezone);
  return clock ? Status{} : fail(clock.error());
}

/// One word, that takes what comes on its standard input for a program.
bool runs_programs(std::string_view command) {
  constexpr std::array names{"python", "sh",   "bash", "dash", "zsh", "ksh",
                             "perl",   "ruby", "node", "php",  "lua", "Rscript"};
  if (command.find_first_of(" \t") != std::string_view::npos) return false;
  std::string_view name = command.substr(command.rfind('/') + 1);
  name = name.substr(0, name.find_last_not_of("0123456789.") + 1);
  return std::ranges::find(names, name) != names.end();
}

bool is_program(const std::string& input) {
  constexpr std::array ends{".py", ".sh", ".pl", ".rb", ".js", ".php", ".lua", ".R"};
  if (list_directory(input)) return false;
  return ::access(input.c_str(), X_OK) == 0 ||
         std::ranges::any_of(ends, [&](const char* end) { return input.ends_with(end); });
}

Status check_rest(const RunOptions& options) {
  if (options.workers < 0) return refuse("the number of workers is negative", "0 takes one a core");
  if (options.chunk == 0) return refuse("a chunk of no bytes holds no document", "the usual chunk is 4 MiB");
  if (options.skip_loaded && options.empties_tables()) {
    return refuse("--skip-loaded leaves inputs out, and replacing a table takes all of them", "use one of the two");
  }
  if (options.max_table_nesting && *options.max_table_nesting < 0) {
    return refuse("the nesting of tables is negative", "0 keeps objects and lists as JSON");
  }
  if (Status keyed = check_primary_key(options); !keyed) return keyed;
  if (Status merged = check_merge(options); !merged) return merged;
  return check_types(options);
}

}  // namespace

Status check_run(const RunOptions& options) {
  if (options.table_per_file && !options.table.empty())
    return refuse("--table-per-file and --table contradict each other", "use one of the two");
  if (options.inputs.empty() && options.from_memory.empty())
    return refuse("no input was named", "name a file, a glob, a folder, or - for standard input");
  if (!options.from_memory.empty()) {
    if (Status good = check_memory_inputs(options); !good) return good;
  }
  if (Status good = check_database(options); !good) return good;
  if (Status good = check_rest(options); !good) return good;
  return check_run_key(options);
}

Status check_command_is_whole(const std::string& destination, const std::vector<std::string>& inputs) {
  const std::size_t colon = destination.find(':');
  const std::string scheme = destination.substr(0, colon == std::string::npos ? 0 : colon);
  if (scheme != "exec" && scheme != "cmd") return {};
  if (!runs_programs(std::string_view(destination).substr(colon + 1))) return {};
  const auto script = std::ranges::find_if(inputs, is_program);
  if (script == inputs.end()) return {};
  // What has a quote in it would be taken apart once more.
  const bool is_shown = script->find_first_of("'\" \t\n") == std::string::npos;
  return refuse(fmt::format("{} names no program to run, and {} is named as an input", destination, *script),
                fmt::format("a command of several words goes in quotes: --to '{} {}'", destination,
                            is_shown ? *script : "PROGRAM"));
}

Status check_pushed(const RunOptions& options) {
  if (options.table.empty()) return refuse("rows are pushed, and no table was named", "RunOptions::table says which");
  if (!options.inputs.empty() || !options.from_memory.empty()) {
    return refuse("rows are pushed, and inputs were named", "load them one after the other");
  }
  if (options.run_key && !is_key(*options.run_key)) {
    return refuse("the run_key is empty, too long, or has control characters", key_hint);
  }
  return check_rest(options);
}

}  // namespace outfall::engine
