// SPDX-License-Identifier: Apache-2.0
//
// What the dataset has of the tables that a run fills, beside the pipeline's own schema: in the schemas of other
// pipelines, and in tables that somebody made or altered by other means. A run must know all their columns, or it would
// decide their types anew, and the database would cut values or refuse them, when the package is sealed already.
#pragma once

#include <string>
#include <vector>

#include "pipeline/dataset_memory.h"
#include "pipeline/input_fates.h"
#include "pipeline/run.h"
#include "schema/naming.h"
#include "schema/schema.h"

namespace outfall::pipeline {

/// How the run makes names, by its schema and its destination.
///
/// Errors: abandon: the schema follows a convention that we cannot run.
Result<schema::Naming> naming_of(const RunRequest& request, const schema::Schema& schema);

/// The name of the table of an input, as it was given or as its file is called.
std::string root_table(const schema::Naming& naming, std::string_view given);

/// Takes over the root tables of the inputs that are read, with the tables below them.
///
/// From the other stored schemas of the same naming convention: whole tables, and columns of tables that the memory's
/// schema knows. What several have is that of the one stored last. From the database: the types of columns that have
/// another one there, and what it has besides (`there`). A note each. The load's own columns (`_dlt_...`) keep their
/// types.
///
/// Errors: the destination cannot be read.
Status adopt_tables(const RunRequest& request, const InputChoice& choice, DatasetMemory& memory,
                    std::vector<std::string>& notes);

}  // namespace outfall::pipeline
