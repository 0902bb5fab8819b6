// SPDX-License-Identifier: Apache-2.0
//
// What pipelines of other sets of tables know of a run's inputs.
#pragma once

#include <string>

#include "engine/target.h"
#include "normalize/document_source.h"
#include "outfall/pipeline.h"

namespace outfall::engine {

/// Another set of tables in one command is another pipeline where none is named, and remembers nothing of those before.
/// What to say where another one has loaded an input that is new to this one; empty: nothing.
///
/// Errors: usage: a run of another one has sealed such an input and has not ended.
Result<std::string> note_on_other_sets(const PipelineOptions& options, const RunOptions& run, const Target& target,
                                       const normalize::DocumentSource& source);

}  // namespace outfall::engine
