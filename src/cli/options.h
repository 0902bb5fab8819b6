// SPDX-License-Identifier: Apache-2.0
//
// The commands and options that can be typed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/batch_options.h"
#include "cli/merge_options.h"

namespace CLI {
class App;
}

namespace outfall::cli {

/// What was typed, before it is understood. Options that several commands have share a place: one command is typed.
struct Typed {
  std::vector<std::string> sources;
  std::string to;
  std::string table;
  std::string pipeline;
  std::string dataset;
  std::string input_format;
  std::string delimiter;
  std::string quote;
  std::string encoding;
  std::vector<std::string> nulls;
  std::string csv_types;
  std::vector<std::string> source_tables;
  std::string query;
  std::string cursor;
  std::string cursor_lag;
  TypedMerge merge;
  std::string naming;
  std::string on_collision;
  std::string type_conflicts;
  std::string contract;
  std::string timezone;
  std::string nesting;
  std::vector<std::string> columns;
  std::vector<std::string> primary_key;
  std::string data_dir;
  std::string state;
  std::string state_interval;
  std::string workers;
  std::string memory;
  std::string lock_wait;
  std::string keep_packages;
  std::string max_pending_packages;
  TypedBatches batches;
  std::string require;
  std::string commit;
  std::string on_reject;
  std::string bad_rows_max;
  std::string on_bad_files;
  std::optional<std::string> run_key;  ///< an empty one was typed, too
  std::string progress = "auto";
  std::string output = "table";
  std::string destination;
  std::string statement;
  std::string subject;
  std::string load_id;
  std::string load_status;
  std::vector<std::string> resources;
  std::string letter;
  std::string reason;
  std::string input;
  std::string since;
  std::string limit;
  bool no_header = false;
  bool add_row_ids = false;
  bool root_key = false;
  bool keep_dlt_columns = false;
  bool fail_on_schema_change = false;
  bool table_per_file = false;
  bool dry_run = false;
  bool dev_mode = false;
  bool skip_loaded = false;
  bool rejected_ok = false;
  bool new_address = false;
  bool allow_missing = false;
  bool allow_partial = false;
  bool allow_empty = false;
  bool fail_if_empty = false;
  bool json = false;
  bool conformance = false;
  bool write = false;
  bool yes = false;
  bool all = false;
  bool state_only = false;
  bool removes = false;
  bool new_key = false;
  bool force = false;
  bool watch = false;
  bool version = false;
};

/// Gives the program its commands; what is typed goes to `typed`, which must outlive the app.
void declare_commands(CLI::App& app, Typed& typed);

}  // namespace outfall::cli
