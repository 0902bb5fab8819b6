// SPDX-License-Identifier: Apache-2.0
//
// What cannot be taken back is done only when somebody has agreed.
#pragma once

#include <string>

#include "cli/command.h"
#include "outfall/error.h"

namespace outfall::cli {

struct Stake {
  std::string question;   ///< for a person
  std::string nobody;     ///< where nobody can be asked: what would have been done
  std::string consented;  ///< what --yes does
  std::string refused;    ///< what was not done, then: "dropped"
};

/// Errors: usage: the answer is no; nobody can be asked.
Status agree(Consent consent, const Stake& stake);

}  // namespace outfall::cli
