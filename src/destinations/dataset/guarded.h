// SPDX-License-Identifier: Apache-2.0
//
// Calls a DatasetDestination, which is not our code: what it throws becomes an error of which nobody knows what it has
// done.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "delivery/call_watch.h"
#include "outfall/error.h"

namespace outfall::destinations::dataset {

inline std::unexpected<Error> thrown(std::string_view call, std::string_view what) {
  return fail(
      Error{.message = std::string(call) + " threw: " + std::string(what), .hint = "", .remedy = Remedy::resolve});
}

/// `call` returns a Status or a Result. `name` is what it is called in errors, and where it lasts.
template <class Call>
auto guarded(delivery::CallWatch* watch, std::string_view name, Call&& call) -> decltype(call()) {
  const delivery::CallWatch::Call watched(watch, [name] { return "the destination's " + std::string(name); });
  try {
    auto answer = call();
    if (!answer) return fail(Error(std::move(answer.error())).in(name));
    return answer;
  } catch (const std::exception& error) {
    return thrown(name, error.what());
  } catch (...) {
    return thrown(name, "something that is no std::exception");
  }
}

}  // namespace outfall::destinations::dataset
