// SPDX-License-Identifier: Apache-2.0
//
// Claim: how a runner becomes the one holder of a pipeline's shared state.
//
// A holder that is alive puts a beat every few seconds. Whoever wants the pipeline looks at the names in its folder for
// as long as the holder's lease is, by its own clock: if anything changes the holder lives, if nothing does it is dead,
// and the next generation takes its place. A process of this machine that is gone is known to be dead at once.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "base/env.h"
#include "base/wait.h"
#include "outfall/error.h"
#include "shared_state/head.h"

namespace outfall::shared_state {

/// So long nothing is seen of a holder, and it counts as dead: longer than a slow network file system, or a machine
/// that swaps, keeps a beat back.
inline constexpr std::chrono::milliseconds usual_lease{10'000};

/// Beats in a lease.
inline constexpr int beats_in_lease = 5;

struct ClaimRequest {
  ObjectStore& store;
  std::string pipeline;
  LockWait wait{};  ///< for a holder that lives
  std::chrono::milliseconds lease = usual_lease;
  /// Called with what is there before anything is put, each time that it is tried.
  std::function<Status(const std::optional<Head>& found, const std::string& claim)> before{};
  /// A test has its own clock's step here. False: stopped.
  std::function<bool(std::chrono::nanoseconds, const std::stop_token&)> sleep = wait_unless_stopped;
};

struct Claimed {
  std::optional<Head> found;  ///< the newest before
  Head head;                  ///< ours: the same objects
};

/// Errors: busy: a holder lives, named with host, pid and start; interrupted: stopped while it was watched; those of
///         the store; abandon: the next number is taken by something that is no head.
Result<Claimed> claim(const ClaimRequest& request, Env& env);

/// This process as a holder.
Holder this_holder(Env& env);

/// Whether it is a process of this machine that is gone. One that cannot be seen from here, or only to be there, is not
/// known to be.
bool is_known_dead(const Holder& holder);

/// "process 12 on host, since 2026-11-22 10:00:00 UTC"
std::string describe(const Holder& holder);

}  // namespace outfall::shared_state
