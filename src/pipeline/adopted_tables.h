// SPDX-License-Identifier: Apache-2.0
//
// What other schemas of the dataset have of the tables that a run fills. Each pipeline keeps a schema of its own; one
// that loads into a table of another's must know all its columns, or it would decide their types anew and be refused by
// the database, when its package is sealed already.
#pragma once

#include <string>
#include <vector>

#include "pipeline/input_fates.h"
#include "pipeline/run.h"
#include "schema/naming.h"
#include "schema/schema.h"

namespace outfall::pipeline {

/// How the run makes names, by its schema and its destination.
///
/// Errors: abandon: the schema follows a convention that we cannot run.
Result<schema::Naming> naming_of(const RunRequest& request, const schema::Schema& schema);

/// Takes over the root tables of the inputs that are read, with the tables below them, from the other stored schemas of
/// the same naming convention: whole tables, and columns of tables that `schema` knows. What several have is that of
/// the one stored last. A note each.
///
/// Errors: the destination cannot be read.
Status adopt_tables(const RunRequest& request, const InputChoice& choice, schema::Schema& schema,
                    std::vector<std::string>& notes);

}  // namespace outfall::pipeline
