// SPDX-License-Identifier: Apache-2.0
//
// Takes addresses of DuckDB files apart.
#include "destinations/duckdb/address.h"

#include <fmt/format.h>

#include "base/file.h"
#include "base/utf8.h"

namespace outfall::destinations::duckdb {

namespace {

std::unexpected<Error> bad(std::string_view address, std::string_view why) {
  return fail(Error{.message = fmt::format("destination {}: {}", address, why),
                    .hint = "write duckdb:PATH, such as duckdb:data.duckdb",
                    .blame = Blame::usage});
}

}  // namespace

Result<std::string> path_of(std::string_view address) {
  constexpr std::string_view scheme = "duckdb:";
  if (!address.starts_with(scheme)) return bad(address, "not an address of DuckDB");
  std::string_view path = address.substr(scheme.size());
  if (path.starts_with("///")) {
    path.remove_prefix(3);
  } else if (path.starts_with("//")) {
    return bad(address, "a DuckDB file has no host; an absolute path takes four slashes");
  }
  if (path.empty()) return bad(address, "it names no file");
  if (path == ":memory:") return bad(address, "a database in memory would be gone with the run");
  if (path.find('\0') != std::string_view::npos) return bad(address, "a path cannot contain a NUL byte");
  Result<std::string> absolute = absolute_path(path);
  if (absolute && !is_valid_utf8(*absolute)) {
    return bad(address, "its path is not UTF-8, and DuckDB opens no other; rename the file or its folder");
  }
  return absolute;
}

}  // namespace outfall::destinations::duckdb
