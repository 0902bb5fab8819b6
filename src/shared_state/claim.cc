// SPDX-License-Identifier: Apache-2.0
#include "shared_state/claim.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <limits>
#include <utility>
#include <vector>

#include "base/fault.h"
#include "base/process.h"

namespace outfall::shared_state {
namespace {

constexpr std::size_t id_bytes = 8;
constexpr int looks_in_lease = 50;

std::string held_sentence(const ClaimRequest& request, const Holder& holder) {
  return fmt::format("pipeline '{}' in the shared state {} is held by {}", request.pipeline, request.store.address(),
                     describe(holder));
}

Error busy(const ClaimRequest& request, const Holder& holder) {
  return {.message = held_sentence(request, holder),
          .hint = request.wait.longest.count() == 0 ? "wait for it with --lock-wait SECONDS"
                                                    : "wait longer with --lock-wait SECONDS, or stop the other process",
          .remedy = Remedy::retry,
          .blame = Blame::busy};
}

Error stopped(const ClaimRequest& request) {
  return {.message = fmt::format("stopped while waiting for pipeline '{}' in the shared state {}", request.pipeline,
                                 request.store.address()),
          .hint = "",
          .blame = Blame::interrupted};
}

/// One runner on its way to the next generation.
class Claiming {
 public:
  Claiming(const ClaimRequest& request, Env& env)
      : request_(request),
        env_(env),
        id_(random_hex(env, id_bytes)),
        deadline_(env.monotonic() + request.wait.longest) {}

  Result<Claimed> run() {
    std::optional<Head> last;
    while (true) {
      Result<std::optional<Head>> found = newest_head(request_.store, request_.pipeline);
      if (!found) return fail(std::move(found.error()));
      const bool is_ours = *found && (*found)->claim == id_;  // its answer was lost
      if (is_ours) return Claimed{.found = std::move(last), .head = **found};
      const Result<bool> is_free = wait_for_holder(*found);
      if (!is_free) return fail(is_free.error());
      if (!*is_free) continue;
      last = std::move(*found);
      if (request_.before) {
        if (Status ready = request_.before(last, id_); !ready) return fail(std::move(ready.error()));
      }
      const Head next = next_head(last);
      const Result<bool> put = put_head(request_.store, next);
      if (!put || !*put) {
        if (Status again = try_again(next, put); !again) return fail(std::move(again.error()));
        continue;  // whoever was faster is looked at anew
      }
      fault_point(Fault::state_claimed);
      return Claimed{.found = std::move(last), .head = next};
    }
  }

 private:
  static constexpr int tries_max = 10;  ///< of one number
  static constexpr std::chrono::milliseconds pause{20};

  /// A number that was not had. As long as the numbers grow others get on, and it goes on.
  Status try_again(const Head& next, const Result<bool>& put) {
    tries_ = next.number == tried_ ? tries_ + 1 : 1;
    tried_ = next.number;
    if (!put && (put.error().remedy != Remedy::retry || tries_ == tries_max)) return fail(put.error());
    if (tries_ == tries_max) return fail(unseen(next));
    if (!request_.sleep(pause, request_.wait.stop)) return fail(stopped(request_));
    return {};
  }

  Error unseen(const Head& next) const {
    return {.message = fmt::format("pipeline '{}' in the shared state {} cannot be taken: there is something called {} "
                                   "that no runner has put",
                                   request_.pipeline, request_.store.address(), head_name(next.number)),
            .hint = "remove it, or name another folder with --state"};
  }

  /// True: nobody holds it, or whoever did is dead. False: that has to be looked at again.
  Result<bool> wait_for_holder(const std::optional<Head>& found) {
    if (!found || !found->holder || is_known_dead(*found->holder)) return true;
    const Result<bool> changed = watch(*found);
    if (!changed) return fail(changed.error());
    if (!*changed) return true;
    // It may have been released.
    const Result<std::optional<Head>> now = newest_head(request_.store, request_.pipeline);
    if (!now) return fail(now.error());
    if (!*now || !(*now)->holder) return false;
    if (env_.monotonic() >= deadline_) return fail(busy(request_, *(*now)->holder));
    if (!is_waiting_ && request_.wait.begins) {
      request_.wait.begins({.what = LockWaiting::For::pipeline, .sentence = held_sentence(request_, *(*now)->holder)});
    }
    is_waiting_ = true;
    return false;
  }

  /// Whether anything changes while the holder's lease lasts.
  Result<bool> watch(const Head& head) {
    const Result<std::vector<std::string>> before = names();
    if (!before) return fail(before.error());
    const std::chrono::nanoseconds end = env_.monotonic() + head.lease;
    while (env_.monotonic() < end) {
      if (!request_.sleep(head.lease / looks_in_lease, request_.wait.stop)) return fail(stopped(request_));
      const Result<std::vector<std::string>> now = names();
      if (!now) return fail(now.error());
      if (*now != *before) return true;
    }
    return false;
  }

  Result<std::vector<std::string>> names() {
    Result<std::vector<std::string>> found = request_.store.list(request_.pipeline);
    if (found) std::ranges::sort(*found);
    return found;
  }

  Head next_head(const std::optional<Head>& found) {
    Head next = found.value_or(Head{.pipeline = request_.pipeline, .chain = random_hex(env_, id_bytes)});
    ++next.number;
    ++next.generation;
    next.claim = id_;
    next.holder = this_holder(env_);
    next.lease = request_.lease;
    return next;
  }

  const ClaimRequest& request_;
  Env& env_;
  const std::string id_;
  const std::chrono::nanoseconds deadline_;
  bool is_waiting_ = false;
  std::uint64_t tried_ = 0;  ///< the number
  int tries_ = 0;            ///< of it
};

}  // namespace

Holder this_holder(Env& env) {
  ProcessIdentity process = this_process();
  return {.host = std::move(process.host),
          .boot_id = std::move(process.boot_id),
          .pid_namespace = pid_namespace(),
          .pid = process.pid,
          .pid_started = process_start(process.pid).value_or(0),
          .since = env.now_us()};
}

bool is_known_dead(const Holder& holder) {
  // A pid means one process in one namespace of one running kernel, and nothing elsewhere.
  const bool is_visible = !holder.boot_id.empty() && holder.boot_id == this_process().boot_id &&
                          !holder.pid_namespace.empty() && holder.pid_namespace == pid_namespace();
  // Signals to what is no positive number go to groups.
  if (!is_visible || holder.pid <= 0 || holder.pid > std::numeric_limits<pid_t>::max()) return false;
  if (::kill(static_cast<pid_t>(holder.pid), 0) != 0 && errno == ESRCH) return true;
  const std::optional<std::uint64_t> started = process_start(holder.pid);
  if (!started) return false;  // it is there, and hidden from us
  return (holder.pid_started != 0 && *started != holder.pid_started) || is_ending(holder.pid);
}

std::string describe(const Holder& holder) {
  const auto since = static_cast<std::time_t>(holder.since / 1'000'000);
  return fmt::format("process {} on {}, since {:%Y-%m-%d %H:%M:%S} UTC", holder.pid, holder.host, fmt::gmtime(since));
}

Result<Claimed> claim(const ClaimRequest& request, Env& env) {
  return Claiming(request, env).run();
}

}  // namespace outfall::shared_state
