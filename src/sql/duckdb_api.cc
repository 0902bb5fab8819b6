// SPDX-License-Identifier: Apache-2.0
//
// Finds the functions of libduckdb.so.
#include "sql/duckdb_api.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <mutex>
#include <utility>

#include "sql/library_file.h"

namespace outfall::sql {

namespace {

constexpr LibraryFile duckdb_library{
    .of = "DuckDB", .file = "libduckdb.so", .variable = "OUTFALL_DUCKDB", .built_with = OUTFALL_DUCKDB_LIBRARY};

Result<DuckDbApi> load() {
  const Result<OpenLibrary> opened = open_library(duckdb_library);
  if (!opened) return fail(opened.error());
  void* const library = opened->handle;
  DuckDbApi api;
  api.library = opened->path;
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
