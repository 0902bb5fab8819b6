// SPDX-License-Identifier: Apache-2.0
//
// Holds a job file against what the ledger recorded of it.
#include "package/package_reader.h"

#include <fmt/format.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "base/file.h"
#include "base/hash.h"

namespace outfall::package {
namespace {

constexpr std::size_t read_bytes = std::size_t{1} << 20;
constexpr const char* changed_hint =
    "the file was changed after it was sealed: `outfall package drop` gives it up, then load its inputs again";

Result<std::string> hash_of(const std::string& path) {
  Result<File> file = File::open(path, OpenMode::read);
  if (!file) return fail(std::move(file.error()));
  const auto buffer = std::make_unique_for_overwrite<std::byte[]>(read_bytes);
  ContentHash hash;
  while (true) {
    const Result<std::size_t> count = file->read({buffer.get(), read_bytes});
    if (!count) return fail(count.error());
    if (*count == 0) return hash.hex();
    hash.update(std::span<const std::byte>(buffer.get(), *count));
  }
}

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
  // As a whole before the first row leaves it: about 0.3 s for a gigabyte, and the load finds it in memory.
  const Result<std::string> hash = hash_of(path);
  if (!hash) return fail(hash.error());
  if (*hash != job.hash) {
    return fail(
        fmt::format("job file {} is damaged: its bytes hash to {}, the ledger recorded {}", path, *hash, job.hash),
        changed_hint);
  }
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
