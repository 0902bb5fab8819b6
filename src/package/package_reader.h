// SPDX-License-Identifier: Apache-2.0
//
// Job files of a sealed package, as they are handed to a destination.
#pragma once

#include <string>

#include "columnar/ipc_file.h"
#include "ledger/records.h"
#include "outfall/error.h"

namespace outfall::package {

/// Opens a job of the package in `folder`. A file that is missing, damaged, or holds other rows or bytes than the
/// ledger recorded is an error.
Result<columnar::IpcFileReader> open_job(const std::string& folder, const ledger::JobRecord& job);

}  // namespace outfall::package
