// SPDX-License-Identifier: Apache-2.0
//
// Lanes: delivers the job files of a package in batches, each in order, several at once.
//
// A lane is a job file and how far it has been delivered. One batch of it is out at a time. That it is about to be sent
// is durable before it is sent, and what became of it before the next one is: after a crash nothing but the one batch
// that was out is sent again, as the same batch under the same key.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "delivery/destination.h"
#include "delivery/rate_limit.h"
#include "delivery/retry.h"
#include "delivery/writer.h"
#include "outfall/types.h"

namespace outfall::delivery {

/// When it is made durable how far a lane is.
enum class MarkPolicy {
  strict,   ///< after each batch
  grouped,  ///< some milliseconds after a batch: so much may come again after a crash, under the same keys
};

struct LaneOptions {
  std::uint64_t batch_size = 10;  ///< rows of a batch, but for the last one of a file; 0: a file is a batch
  int workers = 20;               ///< batches that are out at once, each with a thread
  Parallelism parallelism = Parallelism::parallel;
  RetryPolicy retry{};
  std::uint64_t batch_bytes = 0;      ///< a batch has no more as JSON, unless it is one row; 0: no bound
  std::shared_ptr<RateLimit> rate{};  ///< of all that the destination is sent; null: none
  MarkPolicy marks = MarkPolicy::strict;
  bool skips_dlt = true;  ///< leaves out the columns and tables that a load adds
  columnar::RowForm rows{};
};

/// Makes a writer for the thread that calls it. Errors: retry, abandon: as of a batch that it would have written.
using MakeWriter = std::function<Result<std::unique_ptr<Writer>>()>;

/// Delivers what is left of the package, as far as it goes now. A row that is rejected, and a lane that gets no
/// further, do not keep the others.
///
/// Errors: interrupted: the caller's stop; abandon: what was delivered cannot be recorded, a job file cannot be read.
///         What was settled before stays so.
Result<LoadSummary> run_lanes(const LoadRequest& request, const LaneOptions& options, const MakeWriter& make_writer,
                              Env& env);

/// What a batch goes by, as 32 hexadecimal digits.
std::string batch_key(std::string_view pipeline, std::string_view load_id, std::string_view job_file,
                      std::uint64_t first, std::uint64_t last);

}  // namespace outfall::delivery
