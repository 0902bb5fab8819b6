// SPDX-License-Identifier: Apache-2.0
//
// The system's Env, and the deterministic one.
#include "base/env.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace outfall {
namespace {

// SplitMix64: a full-period mix of a counter, so concurrent callers need one atomic addition and nothing else.
std::uint64_t mix(std::uint64_t counter) {
  std::uint64_t z = counter;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

void fill_from_counter(std::atomic<std::uint64_t>& state, std::span<std::byte> bytes) {
  constexpr std::uint64_t golden_gamma = 0x9e3779b97f4a7c15ULL;
  while (!bytes.empty()) {
    const std::uint64_t drawn = mix(state.fetch_add(golden_gamma) + golden_gamma);
    const std::size_t taken = std::min(bytes.size(), sizeof drawn);
    std::memcpy(bytes.data(), &drawn, taken);
    bytes = bytes.subspan(taken);
  }
}

class SystemEnv final : public Env {
 public:
  std::int64_t now_us() override {
    using std::chrono::system_clock;
    return std::chrono::duration_cast<std::chrono::microseconds>(system_clock::now().time_since_epoch()).count();
  }

  std::chrono::nanoseconds monotonic() override {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch());
  }

  void random(std::span<std::byte> bytes) override {
    while (!bytes.empty()) {
      const ssize_t drawn = getrandom(bytes.data(), bytes.size(), 0);
      if (drawn > 0) {
        bytes = bytes.subspan(static_cast<std::size_t>(drawn));
      } else if (errno != EINTR) {
        fill_from_counter(fallback_, bytes);
        return;
      }
    }
  }

 private:
  // A sandbox may forbid getrandom. Ids must be distinct, not secret, so a mix that starts from time and address space
  // serves.
  std::atomic<std::uint64_t> fallback_{
      static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) ^
      static_cast<std::uint64_t>(SystemEnv::now_us()) ^ reinterpret_cast<std::uintptr_t>(this)};
};

}  // namespace

Env& Env::system() {
  static SystemEnv env;
  return env;
}

void FixedEnv::random(std::span<std::byte> bytes) {
  fill_from_counter(random_state_, bytes);
}

std::string random_hex(Env& env, std::size_t bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string hex(bytes * 2, '0');
  std::byte drawn[64];
  for (std::size_t done = 0; done < bytes;) {
    const std::size_t count = std::min(bytes - done, sizeof drawn);
    env.random({drawn, count});
    for (std::size_t i = 0; i < count; ++i, ++done) {
      hex[done * 2] = digits[std::to_integer<unsigned>(drawn[i]) >> 4];
      hex[done * 2 + 1] = digits[std::to_integer<unsigned>(drawn[i]) & 15];
    }
  }
  return hex;
}

}  // namespace outfall
