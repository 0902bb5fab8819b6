// SPDX-License-Identifier: Apache-2.0
//
// A database as the source of a run.
#pragma once

#include <memory>

#include "engine/target.h"
#include "normalize/document_source.h"
#include "outfall/error.h"
#include "outfall/pipeline.h"

namespace outfall::engine {

/// The tables or the query that RunOptions::database asks for, of the database that its one input names.
///
/// Errors: usage: the name is not known, or is no database's; those of the database.
Result<std::unique_ptr<normalize::DocumentSource>> open_database_source(const RunOptions& options,
                                                                        const PipelineOptions& pipeline);

/// Errors: usage: a table would be loaded into itself.
Status check_is_elsewhere(const RunOptions& options, const normalize::DocumentSource& source, const Target& target);

}  // namespace outfall::engine
