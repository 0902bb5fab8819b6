// SPDX-License-Identifier: Apache-2.0
//
// Arrow IPC files: what record batches look like on disk. Written once, front to back; read through a memory mapping
// without a copy. Not compressed, so that any row of a finished file can be addressed.
//
// Where columns were changed in the middle, the file is sections, each an Arrow IPC file of its own, one behind the
// other. To a reader they are one: all batches have the columns of all sections, and nulls for those they have not.
//
// A writer and a reader belong to one thread at a time; a stream taken from a reader may live and move on its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "outfall/arrow.h"
#include "outfall/error.h"

namespace outfall::columnar {

/// Whether columns stay dictionaries and runs, or become plain arrays.
enum class Encodings { kept, none };

struct IpcFileSize {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::string hash{};  ///< IpcFileReader::check takes it; known when a file is finished
};

class IpcFileWriter {
 public:
  /// Makes the file; one that stands there already is an error. `schema` describes a struct, one child a column; it is
  /// read, not consumed.
  static Result<IpcFileWriter> create(const std::string& path, const ArrowSchema& schema);

  IpcFileWriter(IpcFileWriter&&) noexcept;
  IpcFileWriter& operator=(IpcFileWriter&&) noexcept;
  /// A writer that was not finished leaves an unreadable file behind; whoever owns the folder removes it.
  ~IpcFileWriter();

  /// Writes the rows of a struct array and releases it, also when it fails. After a failure the file cannot be
  /// finished.
  Status append(ArrowArray* batch);

  /// What is appended from now on is so. A column that both have keeps its type, and may change its encoding.
  Status change_columns(const ArrowSchema& schema);

  /// Rows and bytes taken so far.
  IpcFileSize size() const;

  /// Writes the footer. The bytes are with the kernel then, not yet on the disk.
  Result<IpcFileSize> finish();

  /// Waits until a finished file is on the disk, and closes it. The entry in its folder is the caller's to sync.
  Status sync();

 private:
  struct State;
  explicit IpcFileWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class IpcFileReader {
 public:
  /// Maps the file and checks its footer. A file that is torn, cut short or not ours is an error.
  static Result<IpcFileReader> open(const std::string& path);

  /// The first rows of a batch as a file that is nowhere but in memory. Both are read, not consumed.
  static Result<IpcFileReader> in_memory(const ArrowSchema& schema, const ArrowArray& batch, std::uint64_t rows);

  IpcFileReader(IpcFileReader&&) noexcept;
  IpcFileReader& operator=(IpcFileReader&&) noexcept;
  ~IpcFileReader();

  IpcFileSize size() const;

  /// Holds the file against the hash that its writer gave: what belongs to no batch now, and each batch when it is
  /// first read or asked for by check_rows. The hash is xxh3-128, in hex, of what stands behind the last batch, which
  /// has the hashes of the others. Of a file without these it is that of all bytes, which are all looked at now.
  ///
  /// Errors: abandon: the bytes are not those that were written.
  Status check(const std::string& hash);

  /// Looks at the batches that have rows [first, last), so far as nobody has since `check`. Errors: as above.
  Status check_rows(std::uint64_t first, std::uint64_t last) const;

  /// The columns of all batches, as a struct.
  Status schema(ArrowSchema* out) const;

  /// All record batches in order, straight from the mapping, which lives as long as the stream or an array of it does.
  /// Each batch is checked before it is handed on, so that a damaged file gives an error and no consumer reads outside
  /// the mapping. With `rows_wanted`, so many rows, or those of 64 MiB, are copied together into each batch but the
  /// last. Of a file of several sections the batches are copies without encodings.
  Status stream(ArrowArrayStream* out, std::uint64_t rows_wanted = 0, Encodings encodings = Encodings::kept) const;

  struct State;  ///< Arrow's side of it: ipc_file_state.h
  const State& state() const { return *state_; }
  std::shared_ptr<const State> shared_state() const { return state_; }

 private:
  explicit IpcFileReader(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace outfall::columnar
