// SPDX-License-Identifier: Apache-2.0
//
// FileJob: a job file as a DatasetDestination sees it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "delivery/job_rows.h"
#include "ledger/records.h"
#include "outfall/dataset_destination.h"
#include "package/package_reader.h"
#include "schema/table.h"

namespace outfall::destinations::dataset {

struct FileJobOptions {
  const std::string& load_id;
  const std::string& folder;  ///< where the job files are
  package::JobCheck check = package::JobCheck::bytes;
  std::stop_token stop{};
  std::function<void(std::uint64_t rows)> taken{};  ///< told of rows as they are taken, in all; may be null
};

class FileJob final : public LoadJob {
 public:
  /// All but the options outlive the object.
  ///
  /// Errors: abandon: the file is missing, damaged, or holds other rows than were sealed.
  static Result<std::unique_ptr<FileJob>> open(const ledger::JobRecord& record, const schema::Table& columns,
                                               const TablePlan& table, const FileJobOptions& options);

  const std::string& id() const override { return id_; }
  const TablePlan& table() const override { return table_; }
  std::uint64_t row_count() const override { return record_.rows; }
  Result<std::string_view> next_lines() override;
  Status stream(ArrowArrayStream* out) override;
  const std::string& path() const override {
    is_used_ = true;
    return path_;
  }
  bool is_stopped() const override { return stop_.stop_requested(); }

  /// Errors: it took none of the rows, or some of the lines and left others; or they could not be read.
  Status check_taken() const;

 private:
  FileJob(const ledger::JobRecord& record, const TablePlan& table, const FileJobOptions& options,
          std::unique_ptr<delivery::JobRows> rows);

  const ledger::JobRecord& record_;
  const TablePlan& table_;
  const std::string id_;
  const std::string path_;
  const std::stop_token stop_;
  const std::function<void(std::uint64_t)> told_;
  const std::unique_ptr<delivery::JobRows> rows_;
  const std::uint64_t rows_at_once_;
  std::string lines_;
  std::uint64_t taken_ = 0;       ///< rows of which the lines were given
  mutable bool is_used_ = false;  ///< in whatever way
  std::optional<Error> unreadable_;
};

}  // namespace outfall::destinations::dataset
