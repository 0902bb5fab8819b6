// SPDX-License-Identifier: Apache-2.0
#include "delivery/job_rows.h"

#include <utility>

namespace outfall::delivery {

std::vector<columnar::RowTextColumn> row_columns(const schema::Table& table, bool skips_dlt) {
  std::vector<columnar::RowTextColumn> columns;
  for (const schema::Column& column : table.columns) {
    const bool is_left_out = skips_dlt && schema::is_system_name(column.name);
    if (!column.type || is_left_out) continue;
    columns.push_back({.name = column.name,
                       .type = *column.type,
                       .variant_of = std::string(column.variant ? schema::variant_base(column.name) : "")});
  }
  return columns;
}

Result<std::unique_ptr<JobRows>> open_job_rows(const std::string& folder, const ledger::JobRecord& job,
                                               const schema::Table& table, const JobRowsOptions& options) {
  // Who takes rows batch by batch need not wait for the whole file.
  const auto check = options.check == package::JobCheck::bytes ? package::JobCheck::bytes_as_read : options.check;
  Result<columnar::IpcFileReader> file = package::open_job(folder, job, check);
  if (!file) return fail(std::move(file.error()));
  const std::vector<columnar::RowTextColumn> columns = row_columns(table, options.skips_dlt);
  auto texts = columnar::RowTexts::open(*file, columns, options.form);
  if (!texts) return fail(std::move(texts.error()));
  columnar::RowsReader reader = columnar::RowsReader::open(*file, columns);
  return std::make_unique<JobRows>(JobRows{std::move(*file), std::move(*texts), std::move(reader)});
}

}  // namespace outfall::delivery
