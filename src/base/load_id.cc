// SPDX-License-Identifier: Apache-2.0
//
// Load ids: the arithmetic of doubles that keeps them growing.
#include "base/load_id.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace outfall {
namespace {

// Ten digits before the point (the years 2001 to 2286): with one length, the order of the text is the order of the
// numbers. A clock outside of that is wrong; its ids still grow, from the nearer border on.
constexpr double seconds_min = 1e9;
constexpr double seconds_max = 9'999'999'999.0;

double parse_seconds(std::string_view text) {
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds, std::chars_format::fixed);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && std::isfinite(seconds) ? seconds : 0;
}

}  // namespace

std::string next_load_id(Env& env, std::string_view last) {
  double seconds = std::clamp(static_cast<double>(env.now_us()) / 1e6, seconds_min, seconds_max);
  const double before = parse_seconds(last);
  if (seconds <= before) {
    seconds = std::nextafter(before, HUGE_VAL);
  }
  std::array<char, 32> buffer{};
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), seconds, std::chars_format::fixed);
  std::string id(buffer.data(), written.ptr);
  if (id.find('.') == std::string::npos) {
    id += ".0";
  }
  return id;
}

}  // namespace outfall
