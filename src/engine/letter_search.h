// SPDX-License-Identifier: Apache-2.0
//
// Which dead letters are meant, and in which pipelines they are.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "engine/pipeline_names.h"
#include "ledger/ledger.h"
#include "outfall/dead_letter.h"

namespace outfall::engine {

ledger::LetterFilter letter_filter(const DeadLetterOptions& options);

/// None: it is no id of a letter.
std::optional<ledger::LetterFilter> letter_filter(const std::string& id);

std::string letter_id(const ledger::LetterRecord& letter);

Error no_letter(const std::string& id);

/// Looks into one pipeline after another, for reading, until the answer is false.
using LookForLetters = std::function<Result<bool>(const std::string& pipeline, ledger::Ledger& ledger)>;
Status look_for_letters(const StatePlace& place, const std::string& pipeline, const LookForLetters& look);

/// Which letters make their pipeline one to act on.
enum class LettersWanted {
  open,
  open_or_replaying,  ///< what an earlier replay has sealed may be finished
};

/// The pipelines that have letters to act on, and the open ones as a filter.
struct LettersFound {
  std::string data_dir;  ///< absolute
  std::vector<std::string> pipelines;
  pipeline::SharedState shared;
  ledger::LetterFilter filter;  ///< without the limit; or one letter, whatever became of it
};

/// `id` empty: as `options` says.
///
/// Errors: usage: the pipeline or the letter is not there.
Result<LettersFound> find_letters(const DeadLetterOptions& options, const std::string& id, LettersWanted wanted);

}  // namespace outfall::engine
