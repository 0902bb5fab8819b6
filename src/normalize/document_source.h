// SPDX-License-Identifier: Apache-2.0
//
// DocumentSource: what a pipeline extracts from, whatever kind it is: a list of inputs, read one after another as
// chunks.
//
// Listing and hashing happen on the thread that runs the pipeline; `next` is called from one other thread; `recycle`
// from any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "normalize/chunk.h"
#include "outfall/error.h"
#include "schema/pipeline_state.h"

namespace outfall::normalize {

/// What is there under the name of an input.
enum class Presence : std::uint8_t {
  there,
  no_files,  ///< a folder, and nothing in it: an input without documents
  missing,
};

/// One input as it was listed.
struct SourceInput {
  std::string path;         ///< absolute; "-" for standard input, "memory:" and a name for what a program gives
  std::string name{};       ///< how messages call it; empty: by its path
  std::string table;        ///< as it would be called, before naming
  std::string group{};      ///< what a pipeline that was not named goes by; empty: by the table
  std::string identity;     ///< what the ledger knows it by; empty: its content is not recognized in a later run
  std::string run_key{};    ///< the identity of what has no path, as it was given
  bool is_stream = false;   ///< it can be read once only
  bool is_columns = false;  ///< its rows come as columns, not as documents
  bool has_cursor = false;  ///< the pipeline's state says which of its rows are new
  Presence presence = Presence::there;
  PlaceUnit unit = PlaceUnit::line;
  std::uint64_t size = 0;  ///< bytes; 0 where unknown
  std::int64_t mtime_ns = 0;

  const std::string& called() const { return name.empty() ? path : name; }
};

/// What was read of an input, known once it was read to its end.
struct InputContent {
  std::uint64_t bytes = 0;
  std::string hash;
  bool grew = false;  ///< it was longer at the end than when it was opened
};

class DocumentSource {
 public:
  virtual ~DocumentSource() = default;

  virtual const std::vector<SourceInput>& inputs() const = 0;

  /// What was named and is no input, since it tells of the loads of another dataset.
  virtual const std::vector<std::string>& left_out() const {
    static const std::vector<std::string> nothing;
    return nothing;
  }

  /// Told what earlier loads have left in the pipeline's state, before the first `next`.
  ///
  /// Errors: what is there cannot be read.
  virtual Status go_on_from([[maybe_unused]] const schema::PipelineState& state) { return {}; }

  /// Puts into the state how far the rows go that were given, for the next load. After the end; it is kept with the
  /// rows, or not at all.
  virtual Status keep_progress([[maybe_unused]] schema::PipelineState& state) { return {}; }

  /// Reads an input only to learn what its content is. A stream is used up by it.
  virtual Result<InputContent> survey(std::size_t input) = 0;

  /// Leaves an input out. Before the first `next`.
  virtual void skip(std::size_t input) = 0;

  /// The next chunk of the inputs that were not skipped, in their order; nothing at the end.
  virtual Result<std::optional<Chunk>> next() = 0;
  virtual void recycle(Chunk chunk) = 0;

  /// Begins again: the next chunk is the first one of the same inputs. After the end, or in the middle.
  ///
  /// Errors: the rows cannot be given twice.
  virtual Status rewind() = 0;

  /// Makes a `next` that waits return soon, and all later ones fail. From any thread.
  virtual void cancel() = 0;

  /// Bytes read so far, of all inputs, before decompression. From any thread.
  virtual std::uint64_t bytes_read() const = 0;

  /// After the end.
  virtual InputContent content(std::size_t input) const = 0;

  /// After the end: what a person should know of how an input was taken; empty: nothing.
  virtual std::string note([[maybe_unused]] std::size_t input) const { return ""; }

  /// After the end: why no document of an input was given, where it cannot be read and others were to be. None: it was
  /// read as a whole.
  virtual std::optional<Error> fault([[maybe_unused]] std::size_t input) const { return std::nullopt; }
};

}  // namespace outfall::normalize
