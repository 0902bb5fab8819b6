// SPDX-License-Identifier: Apache-2.0
//
// Fault points: the table, the arming, the end.
#include "base/fault.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <mutex>
#include <string>

namespace outfall {
namespace {

using fault_detail::State;

constexpr std::array table{
#define OUTFALL_FAULT_INFO(name, sentence) FaultInfo{Fault::name, #name, sentence},
    OUTFALL_FAULT_POINTS(OUTFALL_FAULT_INFO)
#undef OUTFALL_FAULT_INFO
};

std::atomic<Fault> armed{};
std::atomic<std::uint64_t> hits_left{0};

std::string_view environment_spec() {
  const char* spec = std::getenv("OUTFALL_FAULT");
  return spec == nullptr ? std::string_view() : std::string_view(spec);
}

Error misuse(std::string message, std::string hint) {
  return Error{std::move(message), std::move(hint), Remedy::abandon, Blame::usage};
}

std::string known_names() {
  std::string names;
  for (const FaultInfo& fault : table) names += (names.empty() ? "" : ", ") + std::string(fault.name);
  return names;
}

struct Order {
  Fault fault;
  std::uint64_t nth;
};

Result<Order> parse(std::string_view spec) {
  const std::size_t colon = spec.find(':');
  const std::string_view name = spec.substr(0, colon);
  const auto found = std::ranges::find(table, name, &FaultInfo::name);
  if (found == table.end())
    return fail(
        misuse(fmt::format("OUTFALL_FAULT: there is no fault point '{}'", name), "there are: " + known_names()));
  if (colon == std::string_view::npos) return Order{found->fault, 1};
  std::uint64_t nth = 0;
  const std::string_view digits = spec.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), nth);
  if (error != std::errc{} || end != digits.data() + digits.size() || nth == 0)
    return fail(misuse(fmt::format("OUTFALL_FAULT: '{}' is not a count", digits), "write <name>:<nth>, nth from 1 on"));
  return Order{found->fault, nth};
}

}  // namespace

std::span<const FaultInfo> fault_points() {
  return table;
}

Status arm_fault(std::string_view spec) {
  const Result<Order> order = parse(spec);
  if (spec.empty() || !order) {
    fault_detail::state = State::disarmed;
    return spec.empty() ? Status() : fail(order.error());
  }
  armed = order->fault;
  hits_left = order->nth;
  fault_detail::state = State::armed;
  return {};
}

Status check_fault_of_environment() {
  const std::string_view spec = environment_spec();
  const Result<Order> order = parse(spec);
  return spec.empty() || order ? Status() : fail(order.error());
}

Status arm_fault_from_environment() {
  return arm_fault(environment_spec());
}

void fault_detail::reached(Fault fault) {
  if (state.load() == State::unread) {
    // Of several threads one reads the variable, the others wait: a count must start once.
    static std::mutex reading;
    const std::lock_guard lock(reading);
    if (state.load() == State::unread) {
      static_cast<void>(arm_fault_from_environment());
    }
  }
  if (state.load() == State::armed && armed.load() == fault && hits_left.fetch_sub(1) == 1) {
    // SIGKILL, so that neither destructors nor handlers nor buffers make the end kinder than a power switch would.
    kill(getpid(), SIGKILL);
    pause();
  }
}

}  // namespace outfall
