// SPDX-License-Identifier: Apache-2.0
#include "delivery/intake.h"

#include <utility>

#include "delivery/writer.h"

namespace outfall::delivery {

Outcome have_writer(std::unique_ptr<Writer>& writer, const MakeWriter& make_writer) {
  if (writer != nullptr) return {};
  Result<std::unique_ptr<Writer>> made = make_writer();
  if (!made) return not_ready(made.error());
  writer = std::move(*made);
  return {};
}

}  // namespace outfall::delivery
