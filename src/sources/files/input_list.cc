// SPDX-License-Identifier: Apache-2.0
//
// Expands what was named on the command line into a sorted list of inputs.
#include "sources/files/input_list.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/edit_distance.h"
#include "base/file.h"
#include "schema/table.h"
#include "sources/files/file_walk.h"
#include "sources/files/input_format.h"

namespace outfall::sources {
namespace {

Error misuse(std::string message, std::string hint) {
  return {.message = std::move(message), .hint = std::move(hint), .remedy = Remedy::abandon, .blame = Blame::usage};
}

Input input_of(std::string path, const FileStat& found, std::string_view table) {
  Input input{.path = std::move(path), .table = std::string(table)};
  if (found.kind == FileKind::regular) {
    input.size = found.size;
    input.mtime_ns = found.mtime_ns;
  }
  return input;
}

/// The file of this folder that was probably meant: its stem is nearly the same. Empty: there is none.
std::string nearest_file(const std::string& folder, std::string_view wanted) {
  constexpr std::size_t word_max = 64;
  const std::string_view wanted_stem = stem(wanted);
  std::string best;
  std::size_t least = std::max<std::size_t>(wanted_stem.size() / 3, 1) + 1;
  for (const DirectoryEntry& entry : list_directory(folder).value_or(std::vector<DirectoryEntry>{})) {
    const std::string_view found = stem(entry.name);
    if (entry.kind == FileKind::directory || std::max(found.size(), wanted_stem.size()) > word_max) continue;
    const std::size_t distance = edit_distance(wanted_stem, found);
    if (distance >= least) continue;
    least = distance;
    best = entry.name;
  }
  return best;
}

std::string hint_where_nothing_is(const std::string& named, const std::string& path) {
  if (named.contains("://"))
    return "only files are read: what an address gives can be piped in, curl -sf ADDRESS | outfall run - --table TABLE";
  const std::string folder(parent_path(path));
  const Result<bool> has_folder = file_exists(folder);
  if (has_folder && !*has_folder) return fmt::format("there is no folder {}", folder);
  const std::string meant = nearest_file(folder, file_name(path));
  if (meant == file_name(path)) return "it is a link, and what it leads to is not there";
  if (!meant.empty())
    return fmt::format("did you mean {}?", named.substr(0, named.size() - file_name(named).size()) + meant);
  return named == path ? "" : fmt::format("looked for {}", path);
}

bool tells_of_loads(std::string_view name) {
  return name == schema::loads_table_name || name == schema::version_table_name ||
         name == schema::pipeline_state_table_name;
}

/// Whether a file below a folder is one of such a table, as `table.jsonl` or as `table/file.jsonl`.
bool is_of_loads(std::string_view below_folder) {
  for (std::size_t slash = below_folder.find('/'); slash != std::string_view::npos; slash = below_folder.find('/')) {
    if (tells_of_loads(below_folder.substr(0, slash))) return true;
    below_folder.remove_prefix(slash + 1);
  }
  return tells_of_loads(stem(below_folder));
}

/// Collects the inputs of a command, one named thing after the other.
class Listing {
 public:
  Listing(std::string_view table, FolderTables folders, Missing missing)
      : table_(table), folders_(folders), missing_(missing) {}

  Status add(const std::string& named) {
    if (named == "-") return add_standard_input();
    Result<std::string> path = absolute_path(named);
    if (!path) return fail(std::move(path).error());
    Result<FileStat> found = stat_file(*path);
    if (found && found->kind == FileKind::directory) return add_folder(*path);
    if (found) return add_file(*path, *found);
    if (is_pattern(named)) return add_matches(named, *path);
    Result<bool> exists = file_exists(*path);
    if (exists && !*exists && missing_ == Missing::allowed)
      return keep_absent(*path, stem(*path), normalize::Presence::missing);
    if (exists && !*exists) {
      return fail(misuse(fmt::format("there is no file {}", named), hint_where_nothing_is(named, *path)));
    }
    return fail(std::move(found).error());
  }

  std::vector<Input> take() { return std::move(inputs_); }

 private:
  Status add_standard_input() {
    if (table_.empty()) {
      return fail(misuse("standard input has no name to call the table by", "name the table: --table events"));
    }
    if (::isatty(STDIN_FILENO) == 1) {
      return fail(misuse("standard input is a terminal",
                         "send documents to it: cat events.jsonl | outfall run - --table events"));
    }
    return keep({.path = "-", .table = std::string(table_)});
  }

  Status add_file(const std::string& path, const FileStat& found) {
    Input input = input_of(path, found, table_.empty() ? stem(path) : table_);
    if (tells_of_loads(input.table)) input.left_out_as = file_name(path);
    return keep(std::move(input));
  }

  Status add_folder(const std::string& folder) {
    Result<std::vector<std::string>> files = files_below(folder);
    if (!files) return fail(std::move(files).error());
    if (files->empty()) return keep_absent(folder, file_name(folder), normalize::Presence::no_files);
    return keep_all(std::move(*files), folder);
  }

  Status add_matches(const std::string& named, const std::string& pattern) {
    Result<Matches> matches = files_matching(pattern);
    if (!matches) return fail(std::move(matches).error());
    if (matches->files.empty() && missing_ == Missing::allowed)
      return keep_absent(pattern, file_name(matches->folder), normalize::Presence::missing);
    if (matches->files.empty()) {
      return fail(misuse(fmt::format("no file matches {}", named), fmt::format("looked below {}", matches->folder)));
    }
    return keep_all(std::move(matches->files), matches->folder);
  }

  Status keep_all(std::vector<std::string> files, const std::string& folder) {
    const bool by_stem = table_.empty() && folders_ == FolderTables::per_file;
    const std::string_view table = table_.empty() ? file_name(folder) : table_;
    if (table.empty() && !by_stem)
      return fail(misuse(fmt::format("{} has no name to call the table by", folder), "name the table: --table events"));
    for (std::string& file : files) {
      const Result<FileStat> found = stat_file(file);
      if (!found) return fail(found.error());
      Input input = input_of(std::move(file), *found, table);
      if (by_stem) {
        input.table = stem(input.path);
        input.group = file_name(folder);
      }
      const std::string_view below = std::string_view(input.path).substr(folder.size());
      if (is_of_loads(below)) input.left_out_as = below.substr(std::min(below.find_first_not_of('/'), below.size()));
      if (Status kept = keep(std::move(input)); !kept) return kept;
    }
    return {};
  }

  Status keep_absent(const std::string& path, std::string_view name, normalize::Presence presence) {
    return keep({.path = path, .table = std::string(table_.empty() ? name : table_), .presence = presence});
  }

  Status keep(Input input) {
    if (!paths_.insert(input.path).second) {
      return fail(misuse(fmt::format("{} is named twice", input.path), "name it once: its rows would be loaded twice"));
    }
    if (inputs_.size() == limits::inputs_max) {
      return fail(
          misuse(fmt::format("there are more than {} inputs", limits::inputs_max), "load them in several runs"));
    }
    inputs_.push_back(std::move(input));
    return {};
  }

  std::string_view table_;
  FolderTables folders_;
  Missing missing_;
  std::vector<Input> inputs_;
  std::unordered_set<std::string> paths_;
};

}  // namespace

Result<std::vector<Input>> list_inputs(std::span<const std::string> named, std::string_view table, FolderTables folders,
                                       Missing missing) {
  if (tells_of_loads(table)) {
    return fail(misuse(fmt::format("the table {} is kept for what describes loads", table),
                       "give the rows another one with --table"));
  }
  Listing listing(table, folders, missing);
  for (const std::string& name : named) {
    if (Status added = listing.add(name); !added) return fail(std::move(added).error());
  }
  std::vector<Input> inputs = listing.take();
  const auto is_left_out = [](const Input& input) { return !input.left_out_as.empty(); };
  if (!inputs.empty() && std::ranges::all_of(inputs, is_left_out)) {
    return fail(misuse(
        fmt::format("there is nothing but {}, which tells of the loads of another dataset", inputs.front().left_out_as),
        "to load it as data, name the file, and another table with --table"));
  }
  return inputs;
}

}  // namespace outfall::sources
