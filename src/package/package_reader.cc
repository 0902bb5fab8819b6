// SPDX-License-Identifier: Apache-2.0
//
// Holds a job file against what the ledger recorded of it.
#include "package/package_reader.h"

#include <fmt/format.h>

#include <string>
#include <utility>

namespace outfall::package {
namespace {

constexpr const char* changed_hint =
    "the file was changed after it was sealed: `outfall package drop` gives it up, then load its inputs again";

}  // namespace

Result<columnar::IpcFileReader> open_job(const std::string& folder, const ledger::JobRecord& job, JobCheck check) {
  const std::string path = fmt::format("{}/{}", folder, job.file);
  Result<columnar::IpcFileReader> reader = columnar::IpcFileReader::open(path);
  if (!reader) return reader;
  const columnar::IpcFileSize size = reader->size();
  if (size.rows != job.rows || size.bytes != job.bytes) {
    return fail(fmt::format("job file {} holds {} rows in {} bytes, the ledger recorded {} rows in {} bytes", path,
                            size.rows, size.bytes, job.rows, job.bytes),
                changed_hint);
  }
  if (job.hash.empty() || check == JobCheck::size) return reader;
  Status checked = reader->check(job.hash);
  // About 0.3 s for a gigabyte, and the load finds it in memory.
  if (checked && check == JobCheck::bytes) checked = reader->check_rows(0, job.rows);
  if (!checked) return fail(std::move(checked.error()));
  return reader;
}

Result<std::vector<std::string>> column_names(const columnar::IpcFileReader& job) {
  ArrowSchema schema{};
  if (Status read = job.schema(&schema); !read) return fail(std::move(read.error()));
  std::vector<std::string> columns;
  columns.reserve(static_cast<std::size_t>(schema.n_children));
  for (std::int64_t i = 0; i < schema.n_children; ++i) columns.emplace_back(schema.children[i]->name);
  schema.release(&schema);
  return columns;
}

}  // namespace outfall::package
