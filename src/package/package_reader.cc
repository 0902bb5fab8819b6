// SPDX-License-Identifier: Apache-2.0
//
// Holds a job file against what the ledger recorded of it.
#include "package/package_reader.h"

#include <fmt/format.h>

namespace outfall::package {

Result<columnar::IpcFileReader> open_job(const std::string& folder, const ledger::JobRecord& job) {
  const std::string path = fmt::format("{}/{}", folder, job.file);
  Result<columnar::IpcFileReader> reader = columnar::IpcFileReader::open(path);
  if (!reader) return reader;
  const columnar::IpcFileSize size = reader->size();
  if (size.rows != job.rows || size.bytes != job.bytes) {
    return fail(fmt::format("job file {} holds {} rows in {} bytes, the ledger recorded {} rows in {} bytes", path,
                            size.rows, size.bytes, job.rows, job.bytes),
                "the file was changed after it was sealed: drop the package and load its inputs again");
  }
  return reader;
}

}  // namespace outfall::package
