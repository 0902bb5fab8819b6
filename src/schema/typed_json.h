// SPDX-License-Identifier: Apache-2.0
//
// Values in JSON documents, in the two ways that dlt has. Typed: a string that begins with a character of Unicode's
// private use area says which type the rest is, so a decimal or a timestamp comes back as what it was; state and schema
// documents use it. Plain: the same strings without the mark.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "schema/value.h"

namespace outfall::schema {

/// U+F026 decimal, and so on; the order is fixed by the documents that exist.
enum class TypeMark { decimal, timestamp, date, uuid, hex_binary, binary, wei, time };

/// None: JSON has a word for the values of the type.
std::optional<TypeMark> mark_of(DataType type);

/// The mark as UTF-8.
std::string mark_text(TypeMark mark);

/// NaN and infinities are null, bigints of any size are numbers, JSON is the document itself.
Json to_typed_json(const Value& value);
Json to_plain_json(const Value& value);

/// The value that a typed document stands for. Strings whose mark does not fit their content stay text, mark and all; a
/// UUID is its text; objects and arrays stay JSON, marks inside them too.
Value from_typed_json(const Json& document);

}  // namespace outfall::schema
