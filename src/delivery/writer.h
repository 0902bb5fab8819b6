// SPDX-License-Identifier: Apache-2.0
//
// Writer: what takes rows in batches, and the answers it may give.
//
// A batch is rows [first, last) of one job file. The same rows are always sent under the same key, also by a later
// process, so whoever gets them can tell a repetition.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "columnar/row_texts.h"
#include "columnar/rows_reader.h"
#include "ledger/records.h"
#include "outfall/error.h"
#include "outfall/outcome.h"
#include "outfall/types.h"
#include "schema/table.h"

namespace outfall::delivery {

struct Batch {
  const std::string& load_id;
  const schema::Table& table;
  const std::string& job_file;
  const std::string& folder;     ///< that the job file is in
  columnar::RowTexts& rows;      ///< of the whole job file
  columnar::RowsReader& reader;  ///< of the same
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t index = 0;    ///< `first` divided by the size of batches: parts of one batch share it
  std::uint64_t attempt = 0;  ///< from 1
  std::string_view key{};
  const std::function<std::string(std::uint64_t row)>& row_key;  ///< of a row of the job file
  /// Whoever has it may look at `rows`, `reader` and `row_key` after the answer too.
  std::shared_ptr<const void> keeps{};
  std::stop_token stop{};

  LoaderFileFormat format = LoaderFileFormat::jsonl;  ///< where rows are bytes
  bool is_file = false;                               ///< it is to be given as a path

  std::uint64_t size() const { return last - first; }
};

/// What a writer is told besides batches: each at least once, also again by a later process.
struct Event {
  enum class Kind {
    begin_table,    ///< before any of its rows; also where there are none, but what was there before is replaced
    end_table,      ///< all its rows are delivered or rejected
    complete_load,  ///< the same of all tables
    abort_load,     ///< what is not delivered yet is given up
  };

  Kind kind = Kind::end_table;
  const std::string& load_id;
  const schema::Table* table = nullptr;  ///< null: the whole load
  std::stop_token stop{};
};

/// A program cannot be started.
inline Outcome retry_after(const Error& error) {
  return {.kind = Outcome::Kind::retry, .reason = error.message, .hint = error.hint};
}

/// Nothing was sent: what it takes to send a batch could not be made.
inline Outcome not_ready(const Error& error) {
  const bool may_help = error.remedy != Remedy::abandon;
  return {.kind = may_help ? Outcome::Kind::retry : Outcome::Kind::fatal, .reason = error.message, .hint = error.hint};
}

inline Error error_of(const Outcome& outcome, Remedy remedy) {
  return {.message = outcome.reason, .hint = outcome.hint, .remedy = remedy};
}

/// What was said to something that comes before a batch: no row was sent yet.
inline Outcome before_rows(Outcome said) {
  if (said.kind == Outcome::Kind::unknown || said.kind == Outcome::Kind::rejected) said.kind = Outcome::Kind::retry;
  return said;
}

/// Belongs to one thread.
class Writer {
 public:
  virtual ~Writer() = default;

  /// Called before `resolve` and `write` of a batch: sees to what these need, such as a program that knows of the load.
  /// Not delivered: why it is not there; nothing of this attempt was sent then.
  virtual Outcome prepare(const Batch&) { return {}; }

  virtual Outcome write(const Batch& batch) = 0;

  /// What became of a batch that was sent and not answered for: delivered, retry (nothing of it took effect), or
  /// unknown still. Nothing: it cannot say.
  virtual std::optional<Outcome> resolve(const Batch&) { return std::nullopt; }

  /// The outcome is delivered, or why it could not be told.
  virtual Outcome tell(const Event& event) = 0;

  /// What the call that was answered last has set in the state of the destination. Taken once.
  virtual ledger::StateChanges take_state_changes() { return {}; }

  /// Whether a call is still out although it was answered for: the lane goes no further in this run, and the writer is
  /// of no more use.
  virtual bool is_stuck() const { return false; }
};

}  // namespace outfall::delivery
