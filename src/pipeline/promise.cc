// SPDX-License-Identifier: Apache-2.0
#include "pipeline/promise.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "outfall/types.h"

namespace outfall::pipeline {
namespace {

bool keeps(DeliveryMode mode, Guarantee required) {
  const std::optional<Guarantee> promised = guarantee(mode);
  return promised && *promised >= required;
}

Error promises_less(const RunRequest& request, DeliveryMode mode) {
  const std::optional<Guarantee> promised = guarantee(mode);
  return {
      .message = fmt::format("{} is required, and {} promises {}", name(*request.options.require),
                             request.destination.address(), promised ? name(*promised) : std::string_view("nothing")),
      .hint = "docs/guarantees.md says what each kind of destination needs for it",
      .blame = Blame::usage};
}

}  // namespace

Status check_asked(const RunRequest& request) {
  if (Status suits = request.destination.check_asked(request.options.write_disposition, request.options.stop); !suits)
    return suits;
  if (!request.options.require) return {};
  const Result<DeliveryMode> mode = request.destination.find_mode(request.options.stop);
  if (!mode) return fail(mode.error());
  return keeps(*mode, *request.options.require) ? Status() : fail(promises_less(request, *mode));
}

Status check_pending(const RunRequest& request, std::span<const ledger::PackageRecord> pending) {
  const auto replaces = [](const ledger::PackageRecord& package) {
    return !package.replaced.empty() && !package.abort_asked_at;
  };
  const auto found = std::ranges::find_if(pending, replaces);
  if (found == pending.end()) return {};
  Status suits = request.destination.check_asked(WriteDisposition::replace, request.options.stop);
  if (suits) return suits;
  Error error = std::move(suits.error()).in("load package " + found->load_id);
  if (error.blame == Blame::usage) {
    error.hint =
        fmt::format("it was sealed to replace what is there: outfall package drop {} gives it up", found->load_id);
  }
  return fail(std::move(error));
}

}  // namespace outfall::pipeline
