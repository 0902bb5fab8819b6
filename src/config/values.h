// SPDX-License-Identifier: Apache-2.0
//
// What a setting says, as the type that is asked for. A text from the environment is read as that type.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "config/settings.h"
#include "outfall/error.h"

namespace outfall::config {

// Errors: usage: it is no such value; names its place, and the value unless that is secret.

/// Numbers and truth values as they are written.
Result<std::string> text_of(const Found& found);
Result<std::int64_t> integer_of(const Found& found);
Result<double> number_of(const Found& found);
/// true, yes, t, y, 1, on; false, no, f, n, 0, off; in any case.
Result<bool> flag_of(const Found& found);
/// A number of seconds that is not negative.
Result<std::chrono::nanoseconds> seconds_of(const Found& found);
/// In the environment a JSON list: `["a","b"]`.
Result<std::vector<std::string>> list_of(const Found& found);

/// What is said of a value that cannot be used: "DESTINATION__A__BATCH_SIZE: 'many' is not a whole number".
Error unusable(const Found& found, std::string_view expected);

}  // namespace outfall::config
