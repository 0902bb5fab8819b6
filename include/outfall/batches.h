// SPDX-License-Identifier: Apache-2.0
//
// BatchOptions: how rows reach a destination that takes them in batches.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "outfall/types.h"

namespace outfall {

/// None: what the configuration says (docs/configuration.md), else what is said here. What is left of a package may be
/// delivered with other ones than it was begun with. In RunOptions one without effect on the destination is an error.
struct BatchOptions {
  static constexpr std::uint64_t batch_size_most = 1'000'000;
  static constexpr int load_jobs_most = 1024;
  static constexpr int attempts_most = 1000;
  static constexpr std::chrono::hours timeout_most{7 * 24};

  /// Rows of a batch; the last one of a job file is shorter. 0: a job file is one batch, which is given as the path of
  /// a file. Else 10.
  std::optional<std::uint64_t> batch_size{};
  /// Of the rows that a program gets, and of files whose paths are given. Functions see their rows as values as well.
  /// Else jsonl.
  std::optional<LoaderFileFormat> loader_file_format{};
  /// Batches that are out at once, each of another job file. Else 20.
  std::optional<int> load_jobs_max{};
  /// Bytes of a job file from which on the rows of a table go to another one. Else a table is one file.
  std::optional<std::uint64_t> recommended_file_size{};
  /// Else parallel.
  std::optional<Parallelism> parallelism{};
  /// How long a call may take: a batch, a hook, open. Else as long as it wants.
  std::optional<std::chrono::milliseconds> timeout{};
  /// How often a batch, or a load that goes into one transaction, is tried in one run. 0: as long as an attempt may
  /// begin at all, which is 15 minutes. Else 5.
  std::optional<int> attempts_max{};
  /// Whether a job file that the destination gives up is the run's error (Report::error), or only told in a note. The
  /// other job files go on either way; its rows wait for a person, and the run ends as pending. Else true.
  std::optional<bool> raise_on_failed_jobs{};
  /// A batch has no more bytes as JSON than this, unless it is one row. Else `batch_size` alone counts.
  std::optional<std::uint64_t> batch_bytes{};
  /// All batches that are out at once. Else `load_jobs_max`.
  std::optional<int> in_flight_max{};
  /// Batches a second, of all job files together and repeated ones among them. Else as they come.
  std::optional<double> rate_limit{};
  /// Else strict for batches below 1,000 rows.
  std::optional<BatchProgress> progress{};
  /// Of a command (`cmd:`): who gets a key twice notices, so what may have taken effect can be sent again and still
  /// counts once. Others say so themselves. Else false.
  std::optional<bool> deduplicates{};
  /// Exit codes of a command that reject the batch, and that ask for another attempt. Else 65, and 75.
  std::optional<std::vector<int>> reject_on{};
  std::optional<std::vector<int>> retry_on{};
  /// Of keys without a value in rows that are JSON. Else omit.
  std::optional<RowNulls> nulls{};
  /// Integers beyond 2^53, which many programs read as doubles, are strings in such rows. Those inside objects and
  /// lists stay as they are. Else false.
  std::optional<bool> ints_as_strings{};
};

}  // namespace outfall
