// SPDX-License-Identifier: Apache-2.0
#include "destinations/dataset/file_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "delivery/counted_stream.h"

namespace outfall::destinations::dataset {
namespace {

/// Of the job file, for the lines that are given at once: enough that a call costs nothing, and little memory.
constexpr std::uint64_t bytes_at_once = std::uint64_t{1} << 20;

/// Its name without the ending is unique in the package.
std::string id_of(const std::string& load_id, const ledger::JobRecord& record) {
  return fmt::format("{}.{}", load_id, record.file.substr(0, record.file.rfind('.')));
}

std::uint64_t rows_in(std::uint64_t bytes, const ledger::JobRecord& record) {
  const std::uint64_t bytes_of_row = record.bytes / std::max<std::uint64_t>(record.rows, 1);
  return std::max<std::uint64_t>(bytes / std::max<std::uint64_t>(bytes_of_row, 1), 1);
}

}  // namespace

Result<std::unique_ptr<FileJob>> FileJob::open(const ledger::JobRecord& record, const schema::Table& columns,
                                               const TablePlan& table, const FileJobOptions& options) {
  auto rows = delivery::open_job_rows(options.folder, record, columns, {.check = options.check, .skips_dlt = false});
  if (!rows) return fail(std::move(rows.error()));
  // Whoever takes the file by its path looks at no check.
  if (Status whole = (*rows)->file.check_rows(0, record.rows); !whole) return fail(std::move(whole.error()));
  return std::unique_ptr<FileJob>(new FileJob(record, table, options, std::move(*rows)));
}

FileJob::FileJob(const ledger::JobRecord& record, const TablePlan& table, const FileJobOptions& options,
                 std::unique_ptr<delivery::JobRows> rows)
    : record_(record),
      table_(table),
      id_(id_of(options.load_id, record)),
      path_(options.folder + "/" + record.file),
      stop_(options.stop),
      told_(options.taken),
      rows_(std::move(rows)),
      rows_at_once_(rows_in(bytes_at_once, record)) {}

Result<std::string_view> FileJob::next_lines() {
  lines_.clear();
  is_used_ = true;
  const std::uint64_t last = std::min(taken_ + rows_at_once_, record_.rows);
  if (Status appended = rows_->texts.append(taken_, last, lines_); !appended) {
    unreadable_ = appended.error();
    return fail(std::move(appended.error()));
  }
  taken_ = last;
  if (told_) told_(taken_);
  return std::string_view(lines_);
}

Status FileJob::stream(ArrowArrayStream* out) {
  is_used_ = true;
  if (Status opened = rows_->file.stream(out, 0, columnar::Encodings::none); !opened) return opened;
  delivery::count_rows(out, 0, told_);
  return {};
}

Status FileJob::check_taken() const {
  if (unreadable_) return fail(*unreadable_);
  if (!is_used_ && record_.rows > 0)
    return fail(fmt::format("it answered success and looked at none of {} rows of job {}", record_.rows, id_));
  if (taken_ == 0 || taken_ == record_.rows) return {};
  return fail(fmt::format("it answered success and took {} of {} rows of job {}", taken_, record_.rows, id_));
}

}  // namespace outfall::destinations::dataset
