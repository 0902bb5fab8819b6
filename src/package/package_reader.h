// SPDX-License-Identifier: Apache-2.0
//
// Job files of a sealed package, as they are handed to a destination.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "columnar/ipc_file.h"
#include "ledger/records.h"
#include "outfall/error.h"

namespace outfall::package {

/// How closely a job file is held against what the ledger recorded of it.
enum class JobCheck : std::uint8_t {
  bytes,  ///< every one of them now: the file may have met a power cut, a bad disk or a hand since it was sealed
  bytes_as_read,  ///< those of a record batch when it is first read, and those that all batches need now
  size,           ///< this process wrote and synced it a moment ago, and would read the same pages of memory again
};

/// Opens a job of the package in `folder`. A file that is missing, damaged, or holds other rows or bytes than the
/// ledger recorded is an error.
Result<columnar::IpcFileReader> open_job(const std::string& folder, const ledger::JobRecord& job, JobCheck check);

/// The columns of a job file, in its order.
Result<std::vector<std::string>> column_names(const columnar::IpcFileReader& job);

}  // namespace outfall::package
