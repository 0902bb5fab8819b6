// SPDX-License-Identifier: Apache-2.0
#include "delivery/batch_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <utility>

#include "columnar/row_bytes.h"

namespace outfall::delivery {

Result<std::shared_ptr<const BatchFile>> BatchFile::write(const Batch& batch) {
  // A call that hangs may still have the file of an earlier attempt.
  static std::atomic<std::uint64_t> files = 0;
  std::string path = fmt::format("{}/{}.{}-{}.{}-{}.{}", batch.folder, batch.job_file, batch.first, batch.last,
                                 ::getpid(), ++files, name(batch.format));
  std::shared_ptr<const BatchFile> file(new BatchFile(std::move(path)));
  Status written =
      columnar::write_rows_to({batch.rows, batch.reader}, batch.first, batch.last, batch.format, file->path());
  if (!written) return fail(std::move(written.error()));
  return file;
}

BatchFile::~BatchFile() {
  ::unlink(path_.c_str());
}

}  // namespace outfall::delivery
