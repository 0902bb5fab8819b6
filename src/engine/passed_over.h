// SPDX-License-Identifier: Apache-2.0
//
// A folder .outfall/ is a data directory, whatever it was made for. What ran before it was made is somewhere else then.
#pragma once

#include <string>

#include "engine/target.h"
#include "outfall/error.h"
#include "outfall/pipeline.h"

namespace outfall::engine {

/// The data directory that a folder .outfall/ stands before, if pipelines have run there. Empty: there is none.
/// `asked`: as PipelineOptions::data_dir. `key`: the pipeline's folder there; empty: any.
std::string find_passed_over(const std::string& asked, const std::string& key);

/// A pipeline that is new here and not there gets a note.
///
/// Errors: usage: packages wait there for the same destination.
Status look_at_passed_over(const PipelineOptions& options, Target& target);

}  // namespace outfall::engine
