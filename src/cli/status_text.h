// SPDX-License-Identifier: Apache-2.0
//
// Pipelines, packages and runs as lines for people.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "cli/shell_words.h"
#include "outfall/package.h"
#include "outfall/status.h"

namespace outfall::cli {

/// What a look some moments ago told about a pipeline's live run.
struct EarlierLook {
  std::string pipeline;
  std::string stage;
  std::uint64_t rows = 0;
  Time updated_at;
};

struct StatusView {
  const DataDirStatus& status;
  std::span<const EarlierLook> earlier;  ///< for rates; may be empty
  TypedPlace place{};                    ///< the commands that are told repeat it
};

/// The packages of one pipeline, as `package list` and `package show` print them.
std::string packages_text(const PipelineStatus& pipeline);
std::string package_text(const PackageDetail& detail);

std::string status_text(const StatusView& view);

/// "`outfall resume NAME` finishes it", or the program that has the function does. `named` is the pipeline as it is
/// typed.
std::string finisher_text(const std::string& destination, const std::string& named);

/// "; pipelines have run in ...", where nothing was found because another data directory was looked at. Else empty.
std::string elsewhere_text(const TypedPlace& place);

/// The run, its steps, and the report that it ended with, as it was shown.
std::string run_text(const RunStatus& run, const TypedPlace& place);

}  // namespace outfall::cli
