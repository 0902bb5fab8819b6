// SPDX-License-Identifier: Apache-2.0
//
// Intake: how a destination takes rows in batches.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "columnar/row_texts.h"
#include "delivery/rate_limit.h"
#include "delivery/retry.h"
#include "outfall/error.h"
#include "outfall/outcome.h"
#include "outfall/types.h"

namespace outfall::delivery {

class Writer;

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
  bool skips_dlt = true;                              ///< leaves out the columns and tables that a load adds
  LoaderFileFormat format = LoaderFileFormat::jsonl;  ///< of rows that are bytes, and of files whose paths are given
  columnar::RowForm rows{};
};

/// Makes a writer for the thread that calls it. Errors: retry, abandon: as of a batch that it would have written.
using MakeWriter = std::function<Result<std::unique_ptr<Writer>>()>;

/// Makes it if there is none. Anything but delivered: there is still none.
Outcome have_writer(std::unique_ptr<Writer>& writer, const MakeWriter& make_writer);

struct Intake {
  LaneOptions options{};
  MakeWriter make_writer{};  ///< may be called while the destination is there
};

}  // namespace outfall::delivery
