// SPDX-License-Identifier: Apache-2.0
//
// Reading single fields of a schema document into C++ values, and writing values back over the document they came from,
// so that keys unknown to us, their order and defaults that were spelled out all survive.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "outfall/error.h"

namespace outfall::schema {

/// Each reads the field into `out` when it is there and not null, and leaves `out` alone otherwise.
/// Errors: abandon, naming the key and what was found there.
Status read_field(const Json& document, std::string_view key, std::string& out);
Status read_field(const Json& document, std::string_view key, bool& out);
Status read_field(const Json& document, std::string_view key, std::optional<bool>& out);
Status read_field(const Json& document, std::string_view key, std::optional<int>& out);
Status read_field(const Json& document, std::string_view key, std::int64_t& out);

/// Each leaves the document alone when it already says the value, an absent key standing for an empty, false or unset
/// one.
void write_field(Json& document, std::string_view key, const std::string& value);
void write_field(Json& document, std::string_view key, bool value);
void write_field(Json& document, std::string_view key, std::optional<bool> value);
void write_field(Json& document, std::string_view key, std::optional<int> value);

}  // namespace outfall::schema
