// SPDX-License-Identifier: Apache-2.0
//
// Sizes, counts and times as people write and read them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "outfall/database_input.h"
#include "outfall/error.h"

namespace outfall::cli {

/// "256MB", "1.5 GiB", "4096": bytes. KB, MB, GB, TB are powers of 1000; KiB, MiB, GiB, TiB and bare letters of 1024.
///
/// Errors: usage; `option` is named in it.
Result<std::size_t> parse_size(std::string_view option, std::string_view text);

struct NumberRange {
  std::int64_t least;
  std::int64_t most;
};

/// A whole number. Errors: usage; `option` is named in it.
Result<std::int64_t> parse_number(std::string_view option, std::string_view text, NumberRange range);

/// "10/s", "600/m", "1000/h": a second. Errors: usage; `option` is named in it.
Result<double> parse_rate(std::string_view option, std::string_view text);

/// "2026-11-22", "2026-11-22T10:00", "2026-11-22T10:00:30Z": UTC. "90m", "24h", "7d": before `now`.
///
/// Errors: usage; `option` is named in it.
Result<std::chrono::sys_time<std::chrono::microseconds>> parse_since(std::string_view option, std::string_view text,
                                                                     std::chrono::system_clock::time_point now);

/// "100": of a number. "90s", "15m", "2h", "7d": of a moment. Errors: usage; `option` is named in it.
Result<CursorLag> parse_lag(std::string_view option, std::string_view text);

/// 1234567 -> "1,234,567"
std::string count_text(std::uint64_t count);

/// "1 row", "2,000 rows"
std::string count_text(std::uint64_t count, std::string_view noun);

/// "512 B", "1.5 kB", "90.0 MB": powers of 1000
std::string bytes_text(std::uint64_t bytes);

/// "0.42 s", "12 s", "3 min 20 s", "2 h 5 min"
std::string duration_text(std::chrono::nanoseconds duration);

}  // namespace outfall::cli
