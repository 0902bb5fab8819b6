// SPDX-License-Identifier: Apache-2.0
//
// Env: clocks and randomness behind one seam, so that tests decide what time it is and which ids are drawn.
//
// Whatever needs the time or a random id takes an Env&. Safe for several threads at once.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace outfall {

class Env {
 public:
  virtual ~Env() = default;

  /// Wall clock: microseconds since 1970 UTC. It may go back.
  virtual std::int64_t now_us() = 0;

  /// A clock that never goes back; its zero means nothing.
  virtual std::chrono::nanoseconds monotonic() = 0;

  /// Fills `bytes` with random bytes, good enough for ids.
  virtual void random(std::span<std::byte> bytes) = 0;

  /// The machine's clock and the kernel's randomness.
  static Env& system();
};

/// An Env that a test controls: time stands still until it is moved, and the same seed draws the same bytes.
class FixedEnv final : public Env {
 public:
  explicit FixedEnv(std::int64_t start_us = 1'700'000'000'000'000, std::uint64_t seed = 1)
      : now_us_(start_us), random_state_(seed) {}

  std::int64_t now_us() override { return now_us_; }
  std::chrono::nanoseconds monotonic() override { return std::chrono::nanoseconds(elapsed_ns_.load()); }
  void random(std::span<std::byte> bytes) override;

  /// Sets the wall clock; backwards is allowed, that is what it is for.
  void set_now_us(std::int64_t now) { now_us_ = now; }

  /// Both clocks move forward.
  void advance(std::chrono::microseconds by) {
    now_us_ += by.count();
    elapsed_ns_ += std::chrono::nanoseconds(by).count();
  }

 private:
  std::atomic<std::int64_t> now_us_;
  std::atomic<std::int64_t> elapsed_ns_{0};
  std::atomic<std::uint64_t> random_state_;
};

/// `bytes` random bytes as lower-case hex, two characters each.
std::string random_hex(Env& env, std::size_t bytes);

}  // namespace outfall
