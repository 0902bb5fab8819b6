// SPDX-License-Identifier: Apache-2.0
//
// The options that say what a load does to rows that are there: how each is typed, what --help says of it, and what it
// means.
#pragma once

#include <string>
#include <vector>

#include "outfall/error.h"
#include "outfall/pipeline.h"

namespace CLI {
class App;
}

namespace outfall::cli {

/// What was typed of each. Empty: nothing.
struct TypedMerge {
  std::string disposition;
  std::string strategy;
  std::vector<std::string> key;
  std::string hard_delete;
  std::string dedup_sort;
  std::string source_filter;
  std::string destination_scope;
  bool skip_unchanged = false;
  std::string missing_columns;
  std::string row_version;
  std::vector<std::string> validity_columns;
  std::string boundary;
  std::string active_until;
  std::string refresh;
  std::string replace_strategy;
  std::string max_deleted;
};

/// `typed` outlives the app.
void add_merge_options(CLI::App& app, TypedMerge& typed, const std::string& group);

/// What is said of merging means it.
///
/// Errors: usage: a value is wrong.
Status take_merge(const TypedMerge& typed, RunOptions& run);

}  // namespace outfall::cli
