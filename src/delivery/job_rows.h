// SPDX-License-Identifier: Apache-2.0
//
// JobRows: a job file that is open for its rows, as they are handed to programs.
#pragma once

#include <memory>
#include <string>

#include "columnar/ipc_file.h"
#include "columnar/row_texts.h"
#include "ledger/records.h"
#include "outfall/error.h"
#include "package/package_reader.h"
#include "schema/table.h"

namespace outfall::delivery {

struct JobRows {
  columnar::IpcFileReader file;
  columnar::RowTexts texts;
};

/// Errors: abandon: the file is missing or damaged.
Result<std::unique_ptr<JobRows>> open_job_rows(const std::string& folder, const ledger::JobRecord& job,
                                               const schema::Table& table, package::JobCheck check);

}  // namespace outfall::delivery
