// SPDX-License-Identifier: Apache-2.0
//
// PackageWriter: spools the rows of one load package into job files, one table a file, rows in the order of the
// appends.
//
// Nothing counts until the ledger mentions the files; a writer that is not finished removes what it wrote. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "ledger/records.h"
#include "outfall/arrow.h"
#include "outfall/error.h"

namespace outfall::limits {
/// Job files that are open at once; the one not used for longest is finished first. Below the usual 1,024 descriptors.
inline constexpr std::size_t open_job_files_max = 128;
/// Job files of one package: their names have five digits.
inline constexpr std::size_t job_files_max = 99'999;
/// Free space that spooling leaves on the disk, so that the ledger can still record what happened.
inline constexpr std::uint64_t disk_reserve_bytes = std::uint64_t{64} << 20;
/// How much is spooled between two looks at the free space.
inline constexpr std::uint64_t disk_check_interval_bytes = std::uint64_t{16} << 20;
}  // namespace outfall::limits

namespace outfall::package {

struct PackageWriterOptions {
  std::size_t open_files_max = limits::open_job_files_max;
  /// A file that has so many bytes gets no more rows; 0: a table is one file.
  std::uint64_t file_bytes = 0;
  /// Where the columns of a table change: they are changed in its file. Else another one is begun.
  bool keeps_file = false;
  std::uint64_t disk_reserve_bytes = limits::disk_reserve_bytes;
  /// The space left on the disk of a folder.
  std::function<Result<std::uint64_t>(const std::string&)> free_bytes = outfall::free_bytes;
};

class PackageWriter {
 public:
  /// Makes the folder `packages_folder`/`load_id`, in which the job files will stand.
  static Result<PackageWriter> create(const std::string& packages_folder, const std::string& load_id,
                                      PackageWriterOptions options = {});

  PackageWriter(PackageWriter&&) noexcept;
  PackageWriter& operator=(PackageWriter&&) noexcept;
  ~PackageWriter();

  /// Appends rows to a table and releases the batch, also when it fails. `schema` is the struct that describes the
  /// batch. Other columns, order or types than those of the table's open file begin a new job file, unless files are
  /// kept. After a failure only discard() is left.
  Status append(std::string_view table, const ArrowSchema& schema, ArrowArray* batch);

  std::uint64_t bytes() const;
  const std::string& folder() const;

  /// Finishes all files and waits until they and their folder are on the disk. The jobs, in the order in which they
  /// were begun.
  Result<std::vector<ledger::JobRecord>> finish();

  /// Removes the folder with everything in it; also for a package that was finished and not sealed. What cannot be
  /// removed is debris, which the next start removes.
  Status discard();

 private:
  struct State;
  explicit PackageWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The name of a table's n-th job file: letters, digits, `_` and `-` stay, other bytes become `%XX`, long names are
/// cut.
std::string job_file_name(std::string_view table, std::size_t ordinal);

}  // namespace outfall::package
