// SPDX-License-Identifier: Apache-2.0
//
// Addresses of DuckDB files: `duckdb:PATH` and `duckdb:///PATH`.
#pragma once

#include <string>
#include <string_view>

#include "outfall/error.h"

namespace outfall::destinations::duckdb {

/// The absolute path of the file.
///
///   duckdb:data.duckdb        relative to the working folder
///   duckdb:/data/a.duckdb     absolute
///   duckdb:///data.duckdb     relative: the third slash ends the (empty) host name, as in every SQLAlchemy address
///   duckdb:////data/a.duckdb  absolute
///
/// Errors: usage: no path, a host name, a database in memory.
Result<std::string> path_of(std::string_view address);

}  // namespace outfall::destinations::duckdb
