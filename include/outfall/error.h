// SPDX-License-Identifier: Apache-2.0
//
// Error: what went wrong, said so that a person or a caller can act on it.
//
// An error states what we were doing, to which object, and what the other side answered. It carries one remedy, chosen
// once at the edge where the native error was seen; nobody further up guesses again.
//
// Values are immutable in use and may cross threads.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace outfall {

/// What the caller may do about an error.
enum class Remedy {
  retry,    ///< nothing happened; the same call may be made again after a wait
  resolve,  ///< something may have happened (an answer was lost); ask the other side first
  abandon,  ///< trying again cannot help; a person or a change of the input must
};

/// Who has to act. It decides the exit code of the command line, and nothing else.
enum class Blame {
  run,          ///< the run failed: input, destination, disk
  usage,        ///< command line or configuration; nothing was touched
  busy,         ///< another process holds the pipeline
  interrupted,  ///< the caller asked us to stop
};

struct [[nodiscard]] Error {
  std::string message;  ///< facts: doing what, to what, and the answer
  std::string hint;     ///< what to do next; may be empty
  Remedy remedy = Remedy::abandon;
  Blame blame = Blame::run;

  /// The same error with what we were doing in front: "load events: " + message.
  Error in(std::string_view doing) && {
    message = std::string(doing) + ": " + message;
    return std::move(*this);
  }
};

template <class T>
using Result = std::expected<T, Error>;

using Status = std::expected<void, Error>;

/// `return fail("open {}: {}", ...)` is spelled `return fail(fmt::format(...))`.
[[nodiscard]] inline std::unexpected<Error> fail(std::string message, std::string hint = "") {
  return std::unexpected(Error{std::move(message), std::move(hint)});
}
[[nodiscard]] inline std::unexpected<Error> fail(Error error) {
  return std::unexpected(std::move(error));
}

}  // namespace outfall
