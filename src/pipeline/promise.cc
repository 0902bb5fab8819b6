// SPDX-License-Identifier: Apache-2.0
#include "pipeline/promise.h"

#include <fmt/format.h>

#include <optional>
#include <string_view>

#include "outfall/types.h"

namespace outfall::pipeline {
namespace {

bool keeps(DeliveryMode mode, Guarantee required) {
  const std::optional<Guarantee> promised = guarantee(mode);
  return promised && *promised >= required;
}

/// What a person may do so that as much is promised.
std::string what_it_takes(const RunRequest& request) {
  const std::string_view address = request.destination.address();
  if (address.starts_with("null:")) return "null: keeps nothing";
  if (*request.options.require == Guarantee::exactly_once) {
    return "only a database takes rows exactly once, with the record of the load; what takes them in batches can "
           "promise effectively-once";
  }
  return R"(have it pass over a batch whose key it has seen, and say so: a program (exec:) with "deduplicates":true in )"
         R"(ready, or "resolves":true and an answer to resolve; a command (cmd:) by --deduplicates; a function by )"
         "CustomOptions::deduplicates or a resolve hook; a plugin by deduplicates or resolve";
}

Error promises_less(const RunRequest& request, DeliveryMode mode) {
  const std::optional<Guarantee> promised = guarantee(mode);
  return {
      .message = fmt::format("{} is required, and {} promises {}", name(*request.options.require),
                             request.destination.address(), promised ? name(*promised) : std::string_view("nothing")),
      .hint = what_it_takes(request),
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

}  // namespace outfall::pipeline
