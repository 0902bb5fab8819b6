// SPDX-License-Identifier: Apache-2.0
//
// The one table of the options of batches: how each is typed, what --help says of it, and what it means.
#pragma once

#include <string>
#include <vector>

#include "outfall/batches.h"
#include "outfall/error.h"

namespace CLI {
class App;
}

namespace outfall::cli {

/// What was typed of each option of the table, in its order. Empty: nothing.
using TypedBatches = std::vector<std::string>;

/// What --help puts them below.
inline constexpr const char* batch_group = "Batches, where a program takes the rows";

enum class BatchSize { is_chosen, is_one };

/// `typed` outlives the app. Where batches have one row, their size is no option.
void add_batch_options(CLI::App& app, TypedBatches& typed, BatchSize size = BatchSize::is_chosen);

/// Errors: usage: a value is wrong.
Status take_batches(const TypedBatches& typed, BatchOptions& batches);

}  // namespace outfall::cli
