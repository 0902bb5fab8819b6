// SPDX-License-Identifier: Apache-2.0
//
// What a run begins afresh with: tables that are forgotten before its rows are shaped, and dropped before they go in.
#pragma once

#include <string>
#include <vector>

#include "outfall/pipeline.h"
#include "pipeline/dataset_memory.h"

namespace outfall::pipeline {

/// Forgets the tables that the run drops, of the schema and of the destination: its rows shape them anew. Their names
/// are in DatasetMemory::dropped. `roots`: the root tables that the run's inputs fill.
void forget_dropped(const RunOptions& options, const std::vector<std::string>& roots, DatasetMemory& memory);

/// Forgets how far the sources of tables were read whose rows the run takes away: they are read from the beginning.
void forget_progress(const RunRequest& run, schema::PipelineState& state);

/// Names them. None: the run drops no table.
std::vector<std::string> notes_on_dropped(const DatasetMemory& memory);

/// Tells the destination in the package's schema, on a root table that has rows, which tables it drops.
void hand_on_dropped(const DatasetMemory& memory, const std::vector<std::string>& roots, schema::Schema& schema);

}  // namespace outfall::pipeline
