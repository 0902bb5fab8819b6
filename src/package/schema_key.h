// SPDX-License-Identifier: Apache-2.0
//
// A schema as bytes, equal exactly when two batches fit into one job file: names, order, types, nullability.
#pragma once

#include <string>

#include "outfall/arrow.h"

namespace outfall::package {

/// Appends the columns of a struct's schema to `key`. Columns may have a dictionary, and no children beyond one level:
/// rows of tables are flat.
void append_schema_key(const ArrowSchema& schema, std::string& key);

}  // namespace outfall::package
