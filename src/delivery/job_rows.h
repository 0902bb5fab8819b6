// SPDX-License-Identifier: Apache-2.0
//
// JobRows: a job file that is open for its rows, as they are handed to whoever takes them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "columnar/ipc_file.h"
#include "columnar/row_texts.h"
#include "columnar/rows_reader.h"
#include "ledger/records.h"
#include "outfall/error.h"
#include "package/package_reader.h"
#include "schema/table.h"

namespace outfall::delivery {

struct JobRows {
  columnar::IpcFileReader file;
  columnar::RowTexts texts;
  columnar::RowsReader reader;
  std::function<std::string(std::uint64_t row)> row_key{};  ///< what a row goes by; set by whoever sends them
};

struct JobRowsOptions {
  package::JobCheck check = package::JobCheck::bytes;
  columnar::RowForm form{};
  bool skips_dlt = true;  ///< without the columns that a load adds
};

/// The columns that are handed on, in their order: those that have a type.
std::vector<columnar::RowTextColumn> row_columns(const schema::Table& table, bool skips_dlt);

/// Errors: abandon: the file is missing or damaged.
Result<std::unique_ptr<JobRows>> open_job_rows(const std::string& folder, const ledger::JobRecord& job,
                                               const schema::Table& table, const JobRowsOptions& options);

}  // namespace outfall::delivery
