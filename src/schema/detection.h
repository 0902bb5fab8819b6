// SPDX-License-Identifier: Apache-2.0
//
// Detection: what the first value of a new column says about its type beyond its own type. A schema lists the
// detections that it uses; iso_timestamp alone is the default.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "outfall/types.h"
#include "schema/value.h"

namespace outfall::schema {

/// Names are dlt's, as schema documents list them.
enum class Detection {
  timestamp,         ///< a number within five years of now is seconds since 1970
  iso_timestamp,     ///< a text that is a day with a time
  iso_date,          ///< a text that is a day
  large_integer,     ///< an integer beyond 64 bits is wei, beyond what wei holds it is text
  hexbytes_to_text,  ///< for byte strings of a kind that only Python has: never says anything here
  wei_to_double,     ///< for reports that may be inexact
};

std::string_view name(Detection detection);
std::optional<Detection> detection(std::string_view name);

/// The type that the detection gives the value; none when it has nothing to say. `now` is the time since 1970.
std::optional<DataType> detect(Detection detection, const Value& value, std::chrono::seconds now);

/// Whether iso_timestamp makes this a timestamp. Most texts are refused by their first characters.
bool looks_like_iso_timestamp(std::string_view text);

}  // namespace outfall::schema
