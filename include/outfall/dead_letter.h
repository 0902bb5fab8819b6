// SPDX-License-Identifier: Apache-2.0
//
// Dead letters from the outside: rows that could not be loaded, with their bytes, their place and the reason; and what
// a person does about them.
//
// They are kept under OnReject::dead_letter (outfall/types.h), in the state store of their pipeline, for 90 days.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "outfall/error.h"
#include "outfall/pipeline.h"
#include "outfall/status.h"

namespace outfall {

struct DeadLetter {
  std::string id{};  ///< the load id and a number behind it
  std::string pipeline{};
  std::string load_id{};  ///< of the package that the row would have been in
  std::string run_id{};
  std::string table{};
  std::string input{};       ///< absolute path, or "standard input"
  std::uint64_t line = 0;    ///< where the fault was seen, counted from 1
  std::uint64_t column = 0;  ///< in characters; 0: the destination refused it, and `line` counts what became rows
  std::uint64_t offset = 0;  ///< of the row's first byte in the input, behind decompression and recoding
  std::string reason{};
  std::string hint{};
  std::string header{};          ///< of separated text: the record that names its fields; else empty
  std::string text{};            ///< the row's bytes, which need not be text: the first MiB
  std::uint64_t text_bytes = 0;  ///< of all of it
  /// "open"; "replaying" while a pending package brings the row once more; "replayed"; "dropped", without its text
  std::string status{};
  Time rejected_at{};
  std::string job_file{};        ///< of a row that a destination rejected in batches: where it stood; else empty
  std::uint64_t row = 0;         ///< its place there, from 0
  std::string key{};             ///< that it was sent under; empty: none
  std::uint64_t attempts = 0;    ///< how often it was sent, or replayed
  std::string replay_load_id{};  ///< of the newest package that brought it once more; empty: none did
  std::string primary_key{};     ///< its values of it, as a JSON object; empty: its table has none
  /// The load that delivered a later row of that primary key; or later rows of its table, where nobody could compare
  /// the keys. Empty: none did.
  std::string overtaken_by{};
};

enum class DeadLetterOrder {
  oldest_first,
  newest_first,  ///< the newest load first, and its rows as they stood
};

struct DeadLetterOptions {
  std::string data_dir{};  ///< as in PipelineOptions
  std::string state{};     ///< as in PipelineOptions
  std::string pipeline{};  ///< empty: all
  std::string table{};     ///< empty: all
  std::string reason{};    ///< a part of the reason, in any case; empty: all
  std::string input{};     ///< a part of the input's name; empty: all
  std::optional<Time> since{};
  std::string status = "open";  ///< empty: all
  std::optional<std::size_t> limit{};
  DeadLetterOrder order = DeadLetterOrder::oldest_first;
};

/// Reads from the outside, pipeline after pipeline: no lock is taken, nothing is written. `visit` gets one letter after
/// another; false ends it.
///
/// Errors:   usage: `pipeline` is named and not there; what `visit` says; abandon: a state store cannot be read.
Status visit_dead_letters(const DeadLetterOptions& options,
                          const std::function<Result<bool>(const DeadLetter&)>& visit);

/// How many there are, whatever the limit.
Result<std::uint64_t> count_dead_letters(const DeadLetterOptions& options);

/// Errors:   usage: no such letter.
Result<DeadLetter> find_dead_letter(const std::string& data_dir, const std::string& id, const std::string& state = {});

struct DropLettersOptions {
  DeadLetterOptions letters{};  ///< which: open ones, whatever `status` says
  std::string id{};             ///< one letter, and the rest of the choice does not count
  std::chrono::seconds lock_wait{0};
  std::function<void(const LockWaiting&)> waiting{};
  std::stop_token stop{};
};

/// Forgets the text of letters; that they were there stays known. Returns how many.
///
/// Errors:   usage: the named pipeline or letter is not there, or the letter is not open; busy: another process holds a
///           pipeline. Those of other pipelines may be dropped by then.
Result<std::uint64_t> drop_dead_letters(const DropLettersOptions& options);

enum class ReplayKey {
  same,   ///< a row that was rejected in a batch goes out under the key that its letter has
  fresh,  ///< as if it had never been sent
};

struct ReplayOptions {
  DeadLetterOptions letters{};  ///< which: open ones, whatever `status` says
  std::string id{};             ///< one letter, and the rest of the choice does not count
  ReplayKey key = ReplayKey::same;
  /// Also letters of which a later row of the same primary key may have been delivered since. Without, one of them is
  /// an error, and nothing is sent.
  bool force = false;
  /// A destination of the program itself, which its letters are delivered to; those of others are left then.
  std::shared_ptr<OwnDestination> custom_destination{};
  std::chrono::milliseconds state_interval{1000};  ///< as in PipelineOptions
  std::chrono::seconds lock_wait{0};
  std::function<void(const LockWaiting&)> waiting{};  ///< as in PipelineOptions
  /// Batches, machine, callbacks and the like. What would name inputs, shape them, or reject rows does not count.
  RunOptions run{};
};

/// Delivers the rows of letters to where their pipelines go, each pipeline with one package that is sealed as that of a
/// run is, behind what is pending. Rows that were rejected in batches go out alone. A row that is delivered makes its
/// letter replayed; one that is rejected again gives its letter the new reason. Nothing is replayed twice, whenever the
/// process dies. `done` is called behind each pipeline.
///
/// Letters of which only the beginning is kept, of separated text, and of nested rows are left out, with a note. So are
/// those of functions where neither a pipeline nor a letter is named, and no function is given (ResumeReport::notes).
ResumeReport replay_dead_letters(const ReplayOptions& options, const std::function<void(const Report&)>& done = {});

/// As one JSON document without line breaks; the fields are in docs/command-line.md.
std::string to_json(const DeadLetter& letter);

}  // namespace outfall
