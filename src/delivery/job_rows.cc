// SPDX-License-Identifier: Apache-2.0
#include "delivery/job_rows.h"

#include <utility>
#include <vector>

namespace outfall::delivery {

Result<std::unique_ptr<JobRows>> open_job_rows(const std::string& folder, const ledger::JobRecord& job,
                                               const schema::Table& table, package::JobCheck check) {
  Result<columnar::IpcFileReader> file = package::open_job(folder, job, check);
  if (!file) return fail(std::move(file.error()));
  std::vector<columnar::RowTextColumn> columns;
  for (const schema::Column& column : table.columns) {
    if (column.type && !schema::is_system_name(column.name)) columns.push_back({column.name, *column.type});
  }
  auto texts = columnar::RowTexts::open(*file, columns, columnar::RowNulls::omit);
  if (!texts) return fail(std::move(texts.error()));
  return std::make_unique<JobRows>(JobRows{std::move(*file), std::move(*texts)});
}

}  // namespace outfall::delivery
