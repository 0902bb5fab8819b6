// SPDX-License-Identifier: Apache-2.0
#include "sql/library_file.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

namespace outfall::sql {
namespace {

namespace fs = std::filesystem;

void add_beside(std::vector<fs::path>& places, const fs::path& own, std::string_view file) {
  if (own.empty()) return;
  places.push_back(own.parent_path() / file);
  places.push_back(own.parent_path() / ".." / "lib" / "outfall" / file);
  places.push_back(own.parent_path() / ".." / "lib" / file);
}

std::vector<fs::path> places_to_look(const LibraryFile& library) {
  std::vector<fs::path> places;
  std::error_code ignored;
  // In a shared library of ours it is that file which counts, in a program the program.
  Dl_info here{};
  if (dladdr(reinterpret_cast<void*>(&open_library), &here) != 0 && here.dli_fname != nullptr) {
    add_beside(places, fs::canonical(here.dli_fname, ignored), library.file);
  }
  add_beside(places, fs::read_symlink("/proc/self/exe", ignored), library.file);
  if (!library.built_with.empty()) places.emplace_back(library.built_with);
  return places;
}

Result<fs::path> find(const LibraryFile& library) {
  const std::string variable(library.variable);
  if (const char* named = std::getenv(variable.c_str()); named != nullptr && *named != '\0') {
    std::error_code ignored;
    if (fs::exists(named, ignored)) return fs::path(named);
    return fail(Error{.message = fmt::format("load {}: {} names {}, which is not there", library.of, variable, named),
                      .hint = fmt::format("let it name a {}, or unset it", library.file),
                      .blame = Blame::usage});
  }
  std::string looked;
  for (const fs::path& place : places_to_look(library)) {
    std::error_code ignored;
    if (fs::exists(place, ignored)) return place;
    looked += fmt::format("\n  {}", place.lexically_normal().string());
  }
  return fail(Error{.message = fmt::format("load {}: no {} found; looked at{}", library.of, library.file, looked),
                    .hint = fmt::format("set {} to the path of a {}", variable, library.file),
                    .blame = Blame::usage});
}

}  // namespace

Result<OpenLibrary> open_library(const LibraryFile& library) {
  const Result<fs::path> path = find(library);
  if (!path) return fail(path.error());
  void* handle = dlopen(path->c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle != nullptr) return OpenLibrary{.path = path->string(), .handle = handle};
  return fail(Error{.message = fmt::format("load {}: {}", library.of, dlerror()),
                    .hint = fmt::format("the file must be a {} for this machine", library.file),
                    .blame = Blame::usage});
}

}  // namespace outfall::sql
