// SPDX-License-Identifier: Apache-2.0
//
// Finds and opens libduckdb.so. It is opened locally, so that a host program with a DuckDB of its own keeps the two
// apart.
#include "sql/duckdb_api.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string_view>
#include <vector>

namespace outfall::sql {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view library_file = "libduckdb.so";

void add_beside(std::vector<fs::path>& places, const fs::path& file) {
  if (file.empty()) return;
  places.push_back(file.parent_path() / library_file);
  places.push_back(file.parent_path() / ".." / "lib" / "outfall" / library_file);
  places.push_back(file.parent_path() / ".." / "lib" / library_file);
}

std::vector<fs::path> places_to_look() {
  std::vector<fs::path> places;
  std::error_code ignored;
  // In a shared library of ours it is that file which counts, in a program the program.
  Dl_info here{};
  if (dladdr(reinterpret_cast<void*>(&duckdb_api), &here) != 0 && here.dli_fname != nullptr) {
    add_beside(places, fs::canonical(here.dli_fname, ignored));
  }
  add_beside(places, fs::read_symlink("/proc/self/exe", ignored));
  places.emplace_back(OUTFALL_DUCKDB_LIBRARY);
  return places;
}

Result<fs::path> find_library() {
  if (const char* named = std::getenv("OUTFALL_DUCKDB"); named != nullptr && *named != '\0') {
    std::error_code ignored;
    if (fs::exists(named, ignored)) return fs::path(named);
    return fail(Error{.message = fmt::format("load DuckDB: OUTFALL_DUCKDB names {}, which is not there", named),
                      .hint = "let it name a libduckdb.so, or unset it",
                      .blame = Blame::usage});
  }
  std::string looked;
  for (const fs::path& place : places_to_look()) {
    std::error_code ignored;
    if (fs::exists(place, ignored)) return place;
    looked += fmt::format("\n  {}", place.lexically_normal().string());
  }
  return fail(Error{.message = fmt::format("load DuckDB: no {} found; looked at{}", library_file, looked),
                    .hint = "set OUTFALL_DUCKDB to the path of a libduckdb.so",
                    .blame = Blame::usage});
}

Result<DuckDbApi> load() {
  Result<fs::path> path = find_library();
  if (!path) return fail(std::move(path.error()));
  void* library = dlopen(path->c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return fail(Error{.message = fmt::format("load DuckDB: {}", dlerror()),
                      .hint = "the file must be a libduckdb.so for this machine",
                      .blame = Blame::usage});
  }
  DuckDbApi api;
  api.library = path->string();
  std::string missing;
#define OUTFALL_RESOLVE(function)                                                    \
  api.function = reinterpret_cast<decltype(&::function)>(dlsym(library, #function)); \
  if (api.function == nullptr) missing += missing.empty() ? #function : ", " #function;
  OUTFALL_DUCKDB_FUNCTIONS(OUTFALL_RESOLVE)
#undef OUTFALL_RESOLVE
  if (missing.empty()) return api;
  dlclose(library);
  return fail(Error{.message = fmt::format("load DuckDB: {} has no {}", api.library, missing),
                    .hint = "use DuckDB 1.5 or newer",
                    .blame = Blame::usage});
}

}  // namespace

Result<const DuckDbApi*> duckdb_api() {
  // Never unloaded: databases and their threads may live until the process ends.
  static std::mutex mutex;
  static const DuckDbApi* loaded = nullptr;
  std::lock_guard lock(mutex);
  if (loaded != nullptr) return loaded;
  Result<DuckDbApi> api = load();
  if (!api) return fail(std::move(api.error()));
  loaded = new DuckDbApi(std::move(*api));
  return loaded;
}

}  // namespace outfall::sql
