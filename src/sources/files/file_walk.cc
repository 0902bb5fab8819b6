// SPDX-License-Identifier: Apache-2.0
//
// Walks folders with a list of places still to be visited, one pattern component at a time.
#include "sources/files/file_walk.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/file.h"
#include "sources/files/input_format.h"
#include "sources/files/input_list.h"

namespace outfall::sources {
namespace {

constexpr std::string_view any_folders = "**";

std::vector<std::string> components_of(std::string_view path) {
  std::vector<std::string> components;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (slash > 0) components.emplace_back(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return components;
}

std::string join(const std::string& folder, std::string_view name) {
  return folder == "/" ? fmt::format("/{}", name) : fmt::format("{}/{}", folder, name);
}

bool is_database_file(const std::string& path) {
  Result<File> file = File::open(path, OpenMode::read);
  if (!file) return false;
  std::array<char, duckdb_header_bytes> begin{};
  const Result<std::size_t> count = file->read_at(0, std::as_writable_bytes(std::span(begin)));
  return count && is_duckdb_database({begin.data(), *count});
}

/// Whether an entry of a folder is a database of DuckDB, or belongs to one: its bytes are rows of nobody, and the
/// destination's own may lie in the folder.
bool is_of_duckdb(const std::string& folder, std::string_view name, FileKind kind) {
  const auto is_database = [&](std::string_view of_file) {
    const std::string path = join(folder, of_file);
    const Result<FileStat> found = stat_file(path);
    if (!found || found->kind != FileKind::regular) return false;
    // One that says so is not opened: if this process has it open, closing would drop DuckDB's lock.
    return has_name_of_duckdb_database(of_file) || is_database_file(path);
  };
  if (kind != FileKind::directory && !format_of_name(name) && (has_name_of_duckdb_database(name) || is_database(name)))
    return true;
  for (std::string_view owner = without_companion_ending(name); !owner.empty();
       owner = without_companion_ending(owner)) {
    if ((kind != FileKind::directory && has_name_of_duckdb_database(owner)) || is_database(owner)) return true;
  }
  return false;
}

/// A folder to be looked into, and which component of the pattern its names are held against.
struct Place {
  std::string folder;
  std::size_t component = 0;
  std::size_t depth = 0;
};

class Walk {
 public:
  explicit Walk(std::vector<std::string> components) : components_(std::move(components)) {}

  Result<std::vector<std::string>> from(std::string folder) {
    places_.push_back({.folder = std::move(folder)});
    while (!places_.empty()) {
      const Place place = std::move(places_.back());
      places_.pop_back();
      if (Status visited = visit(place); !visited) return fail(std::move(visited).error());
    }
    std::ranges::sort(files_);
    const auto repeated = std::ranges::unique(files_);
    files_.erase(repeated.begin(), repeated.end());
    return std::move(files_);
  }

 private:
  Status visit(const Place& place) {
    if (place.depth > limits::folder_depth_max) {
      return fail(fmt::format("{} lies more than {} folders deep", place.folder, limits::folder_depth_max));
    }
    const std::string& wanted = components_[place.component];
    const bool last = place.component + 1 == components_.size();
    // `**` stands for no folder, too.
    if (wanted == any_folders && !last) {
      places_.push_back({.folder = place.folder, .component = place.component + 1, .depth = place.depth});
    }
    Result<std::vector<DirectoryEntry>> entries = list_directory(place.folder);
    if (!entries) return fail(std::move(entries).error());
    for (const DirectoryEntry& entry : *entries) {
      const Status seen = wanted == any_folders ? see_any(place, entry, last) : see_named(place, entry, last);
      if (!seen) return seen;
    }
    return {};
  }

  Status see_any(const Place& place, const DirectoryEntry& entry, bool last) {
    if (entry.name.starts_with('.') || is_of_duckdb(place.folder, entry.name, entry.kind)) return {};
    std::string path = join(place.folder, entry.name);
    if (entry.kind == FileKind::directory) {
      places_.push_back({.folder = std::move(path), .component = place.component, .depth = place.depth + 1});
      return {};
    }
    return last ? keep_file(std::move(path), entry.kind) : Status{};
  }

  Status see_named(const Place& place, const DirectoryEntry& entry, bool last) {
    const std::string& wanted = components_[place.component];
    if (::fnmatch(wanted.c_str(), entry.name.c_str(), FNM_PERIOD) != 0) return {};
    std::string path = join(place.folder, entry.name);
    if (is_pattern(wanted) && is_of_duckdb(place.folder, entry.name, kind_behind_links(path, entry.kind))) return {};
    if (last) return keep_file(std::move(path), entry.kind);
    if (kind_behind_links(path, entry.kind) == FileKind::directory) {
      places_.push_back({.folder = std::move(path), .component = place.component + 1, .depth = place.depth + 1});
    }
    return {};
  }

  Status keep_file(std::string path, FileKind kind) {
    if (kind_behind_links(path, kind) != FileKind::regular) return {};
    if (files_.size() == limits::inputs_max)
      return fail(fmt::format("there are more than {} files", limits::inputs_max));
    files_.push_back(std::move(path));
    return {};
  }

  static FileKind kind_behind_links(const std::string& path, FileKind kind) {
    if (kind != FileKind::symlink) return kind;
    // A link that leads nowhere is no file.
    const Result<FileStat> found = stat_file(path);
    return found ? found->kind : FileKind::other;
  }

  std::vector<std::string> components_;
  std::vector<Place> places_;
  std::vector<std::string> files_;
};

}  // namespace

bool is_pattern(std::string_view name) {
  return name.find_first_of("*?[") != std::string_view::npos;
}

Result<std::vector<std::string>> files_below(const std::string& folder) {
  return Walk({std::string(any_folders)}).from(folder);
}

Result<Matches> files_matching(const std::string& pattern) {
  std::vector<std::string> components = components_of(pattern);
  const auto first_pattern = std::ranges::find_if(components, is_pattern);
  Matches matches{.folder = "/", .files = {}};
  for (auto component = components.begin(); component != first_pattern; ++component) {
    matches.folder = join(matches.folder, *component);
  }
  const Result<bool> exists = file_exists(matches.folder);
  if (!exists) return fail(exists.error());
  if (!*exists) return matches;
  Result<std::vector<std::string>> files = Walk({first_pattern, components.end()}).from(matches.folder);
  if (!files) return fail(std::move(files).error());
  matches.files = std::move(*files);
  return matches;
}

}  // namespace outfall::sources
