// SPDX-License-Identifier: Apache-2.0
#include "delivery/intake.h"

#include <utility>

#include "delivery/writer.h"

namespace outfall::delivery {

Outcome have_writer(std::unique_ptr<Writer>& writer, const MakeWriter& make_writer) {
  if (writer != nullptr) return {};
  Result<std::unique_ptr<Writer>> made = make_writer();
  if (!made) {
    const bool may_help = made.error().remedy != Remedy::abandon;
    return {.kind = may_help ? Outcome::Kind::retry : Outcome::Kind::fatal,
            .reason = made.error().message,
            .hint = made.error().hint};
  }
  writer = std::move(*made);
  return {};
}

}  // namespace outfall::delivery
