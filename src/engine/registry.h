// SPDX-License-Identifier: Apache-2.0
//
// The registry of kinds: the only place that names the concrete destinations.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/env.h"
#include "base/wait.h"
#include "delivery/destination.h"
#include "delivery/intake.h"
#include "outfall/error.h"
#include "outfall/pipeline.h"

namespace outfall::engine {

/// Whom options of batches were given for.
enum class Given {
  for_it,       ///< one that has no effect is an error
  for_several,  ///< which may be of other kinds
};

struct DestinationOptions {
  /// Bytes that a database of this process may hold; none: its kind says.
  std::optional<std::size_t> memory = std::nullopt;
  /// Threads of such a database; 0: one a core.
  int threads = 0;
  /// Where another process has it for itself.
  LockWait lock_wait{};
  BatchOptions batches{};                            ///< what is left open the configuration says
  BatchOptions batches_before{};                     ///< what an earlier run was given, of what is left open
  Given given = Given::for_several;                  ///< of `batches`
  std::string pipeline{};                            ///< settings below its name come first
  std::shared_ptr<OwnDestination> custom{};          ///< that the program has; used where the address is its
  CapabilityOverrides capabilities{};                ///< what is left open the configuration says
  std::function<void(std::string_view line)> log{};  ///< what it writes about its work; from any thread
  std::string programs_lock{};  ///< path of the lock that programs of the run hold (base/program.h)
};

/// What a database of this process may hold beside so many bytes of rows in flight: eight times as much (the usual
/// 128 MiB make 1 GiB), but 256 MiB at least, and at most half of the machine's memory.
std::size_t database_memory(std::size_t rows_in_flight);

/// What reports and the state store call a destination of the program itself.
///
/// Errors: usage: it has no name.
Result<std::string> custom_address(const OwnDestination& custom);

/// Whether the address is that of a destination of a program, and not of `custom`, which may be null.
bool is_function_of_another(const std::string& address, const OwnDestination* custom);

/// With what is left open as lanes have it.
delivery::LaneOptions lane_options(const BatchOptions& batches);

/// The destination that a word means: an address, or the name of one of the configuration. Nothing is touched yet.
///
/// Errors: usage: the kind or the name is not known (says which are), the address is wrong, or the configuration is; an
/// option that was given for it has no effect on it.
Result<std::unique_ptr<delivery::Destination>> make_destination(const std::string& word,
                                                                const DestinationOptions& options, Env& env);

}  // namespace outfall::engine
