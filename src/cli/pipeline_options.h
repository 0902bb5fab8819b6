// SPDX-License-Identifier: Apache-2.0
//
// The commands about what is remembered and what is there: pipeline, schema and dataset with their verbs, declared and
// understood.
#pragma once

#include "cli/command.h"
#include "cli/options.h"
#include "outfall/error.h"

namespace outfall::cli {

/// `typed` outlives the app.
void add_pipeline(CLI::App& root, Typed& typed);
void add_schema(CLI::App& root, Typed& typed);
void add_dataset(CLI::App& root, Typed& typed);

// What was typed behind the noun. Errors: usage: it is not a whole command.
Result<Command> pipeline_command(const CLI::App& noun, const Typed& typed);
Result<Command> schema_command(const CLI::App& noun, const Typed& typed);
Result<Command> dataset_command(const CLI::App& noun, const Typed& typed);

}  // namespace outfall::cli
