// SPDX-License-Identifier: Apache-2.0
#include "cli/consent.h"

#include <fmt/format.h>

#include <optional>

#include "cli/commands.h"
#include "cli/typed_values.h"

namespace outfall::cli {

Status agree(Consent consent, const Stake& stake) {
  if (consent == Consent::given) return {};
  const std::optional<bool> answer = ask(stake.question);
  if (!answer) return fail(usage(stake.nobody, fmt::format("--yes {} without asking", stake.consented)));
  return *answer ? Status{} : fail(usage(fmt::format("nothing was {}", stake.refused), ""));
}

}  // namespace outfall::cli
