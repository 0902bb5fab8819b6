// SPDX-License-Identifier: Apache-2.0
//
// What --primary-key says, as the hints that a schema keeps.
#pragma once

#include <string>
#include <vector>

#include "normalize/shape.h"
#include "schema/schema.h"

namespace outfall::pipeline {

/// The column of a root table that somebody names by its key, or by the path to it.
std::string column_of_root(const std::string& given, const normalize::RootOptions& root, const schema::Naming& naming);

/// These columns, and no others, are the primary key of each of the root tables, and are set in every row. A table that
/// the schema does not have yet is made with them; no column has a type before it has values. No names: the keys stay.
///
/// A name is normalized as a key is; where objects become columns, dots lead into them.
void set_primary_keys(schema::Schema& schema, const std::vector<std::string>& roots,
                      const std::vector<std::string>& names, const normalize::ShapeOptions& shape,
                      const std::string& write_disposition);

}  // namespace outfall::pipeline
