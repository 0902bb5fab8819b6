// SPDX-License-Identifier: Apache-2.0
//
// Tells how many rows of a stream were fetched, while a database fetches them.
#pragma once

#include <cstdint>
#include <functional>

#include "outfall/arrow.h"

namespace outfall::delivery {

/// Puts a counter around the stream, in place. `progress` gets `before` plus the rows fetched so far, once a batch;
/// the stream keeps a copy of it.
void count_rows(ArrowArrayStream* stream, std::uint64_t before, const std::function<void(std::uint64_t)>& progress);

}  // namespace outfall::delivery
