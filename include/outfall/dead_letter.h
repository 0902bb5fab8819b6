// SPDX-License-Identifier: Apache-2.0
//
// Dead letters from the outside: rows that could not be loaded, with their bytes, their place and the reason.
//
// They are kept under OnReject::dead_letter (outfall/types.h), in the state store of their pipeline, for 90 days.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "outfall/error.h"
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
  std::string status{};          ///< "open"
  Time rejected_at{};
};

enum class DeadLetterOrder {
  oldest_first,
  newest_first,  ///< the newest load first, and its rows as they stood
};

struct DeadLetterOptions {
  std::string data_dir{};  ///< as in PipelineOptions
  std::string pipeline{};  ///< empty: all
  std::string table{};     ///< empty: all
  std::string reason{};    ///< a part of the reason, in any case; empty: all
  std::string input{};     ///< a part of the input's name; empty: all
  std::optional<Time> since{};
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
Result<DeadLetter> find_dead_letter(const std::string& data_dir, const std::string& id);

/// As one JSON document without line breaks; the fields are in docs/command-line.md.
std::string to_json(const DeadLetter& letter);

}  // namespace outfall
