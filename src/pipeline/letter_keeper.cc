// SPDX-License-Identifier: Apache-2.0
#include "pipeline/letter_keeper.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "base/limits.h"

namespace outfall::pipeline {

Status LetterKeeper::keep(ledger::Letter letter, std::string_view text) {
  letter.text = text.substr(0, limits::letter_text_bytes_max);
  letter.text_bytes = text.size();
  bytes_ += letter.text.size() + letter.reason.size() + letter.header.size();
  if (bytes_ > limits::letters_bytes_max) {
    return fail(fmt::format("the rejected rows up to {}, line {} take more than the {} bytes that a run may keep",
                            letter.input, letter.line, limits::letters_bytes_max),
                "--on-reject drop counts rejected rows and keeps none");
  }
  Status kept = ledger_.set_aside(letter);
  return kept ? Status() : fail(std::move(kept.error()).in("set a rejected row aside"));
}

void LetterKeeper::clear() {
  ledger_.forget_set_aside();
  bytes_ = 0;
}

}  // namespace outfall::pipeline
