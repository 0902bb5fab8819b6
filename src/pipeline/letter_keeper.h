// SPDX-License-Identifier: Apache-2.0
//
// LetterKeeper: sets rejected documents aside as dead letters, no more bytes of them than a run may keep.
#pragma once

#include <cstdint>
#include <string_view>

#include "ledger/ledger.h"
#include "outfall/status.h"

namespace outfall::pipeline {

class LetterKeeper {
 public:
  /// `ledger` must outlive the object.
  explicit LetterKeeper(ledger::Ledger& ledger) : ledger_(ledger) {}

  /// Keeps `letter` with the document `text`, of a long one its beginning.
  ///
  /// Errors: all of them take more than limits::letters_bytes_max; the state store cannot take it.
  Status keep(ledger::Letter letter, std::string_view text);

  /// Forgets all of them.
  void clear();

 private:
  ledger::Ledger& ledger_;
  std::uint64_t bytes_ = 0;
};

}  // namespace outfall::pipeline
