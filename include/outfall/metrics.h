// SPDX-License-Identifier: Apache-2.0
//
// Metrics: what a destination counts while it works, by name. Told by the report.
//
// One thread at a time uses an object.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace outfall {

struct Metrics {
  /// Names beyond so many are not taken: a name is what is counted, not which row.
  static constexpr std::size_t names_max = 1000;

  std::map<std::string, std::uint64_t, std::less<>> counters{};  ///< sums
  std::map<std::string, double, std::less<>> gauges{};           ///< newest values; each is a number

  void count(std::string_view name, std::uint64_t by = 1) {
    if (std::uint64_t* counter = at(counters, name)) *counter += by;
  }
  /// What is no number, or infinite, is passed over.
  void gauge(std::string_view name, double value) {
    if (!std::isfinite(value)) return;
    if (double* gauge = at(gauges, name)) *gauge = value;
  }
  /// With what was counted behind it.
  void add(const Metrics& later) {
    for (const auto& [name, by] : later.counters) count(name, by);
    for (const auto& [name, value] : later.gauges) gauge(name, value);
  }

  bool empty() const { return counters.empty() && gauges.empty(); }
  bool operator==(const Metrics&) const = default;

 private:
  template <class Value>
  static Value* at(std::map<std::string, Value, std::less<>>& values, std::string_view name) {
    const auto known = values.find(name);
    if (known != values.end()) return &known->second;
    return values.size() == names_max ? nullptr : &values.emplace(name, Value{}).first->second;
  }
};

}  // namespace outfall
