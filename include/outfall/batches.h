// SPDX-License-Identifier: Apache-2.0
//
// BatchOptions: how rows reach a destination that takes them in batches.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "outfall/types.h"

namespace outfall {

/// How rows are handed to a destination that takes them in batches. What is left of a package may be delivered with
/// other ones than it was begun with.
struct BatchOptions {
  /// Rows of a batch; the last one of a job file is shorter. 0: a job file is one batch, which is given as the path of a
  /// file.
  std::uint64_t batch_size = 10;
  /// Of the rows that a program gets, and of files whose paths are given. Functions see their rows as values as well.
  LoaderFileFormat loader_file_format = LoaderFileFormat::jsonl;
  /// Batches that are out at once, each of another job file.
  int load_jobs_max = 20;
  Parallelism parallelism = Parallelism::parallel;
  /// How long a batch may take. None: as long as it wants.
  std::optional<std::chrono::milliseconds> timeout{};
  /// How often a batch is sent in one run.
  int attempts_max = 5;
  /// A batch has no more bytes as JSON than this, unless it is one row. None: `batch_size` alone counts.
  std::optional<std::uint64_t> batch_bytes{};
  /// All batches that are out at once. None: `load_jobs_max`.
  std::optional<int> in_flight_max{};
  /// Batches a second, of all job files together and repeated ones among them. None: as they come.
  std::optional<double> rate_limit{};
  /// None: strict for batches below 1,000 rows.
  std::optional<BatchProgress> progress{};
  /// Of a command (`cmd:`): who gets a key twice notices, so what may have taken effect can be sent again and still
  /// counts once. Others say so themselves.
  bool deduplicates = false;
  RowNulls nulls = RowNulls::omit;
  /// Integers beyond 2^53, which many programs read as doubles, are strings. Those inside objects and lists stay as
  /// they are.
  bool ints_as_strings = false;
};

}  // namespace outfall
