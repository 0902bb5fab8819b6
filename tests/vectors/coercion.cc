// SPDX-License-Identifier: Apache-2.0
//
// coercion.json: one value of every kind into every column type.
#include "schema/coercion.h"

#include <string_view>

#include "schema/typed_json.h"
#include "typed_value.h"
#include "vector_file.h"

namespace outfall::vectors {
namespace {

using schema::BinaryText;
using schema::CoercionFailure;
using schema::Value;
using Coerced = std::expected<Value, CoercionFailure>;

constexpr Rule number_to_bool{"number into bool",
                              "dlt stores whether the number is zero, which loses it; ours goes to a variant column"};
constexpr Rule base64_to_binary{
    "text into inferred binary",
    "dlt decodes any text that happens to be base64; ours goes to a variant column unless it starts with 0x or the "
    "user declared the column"};
constexpr Rule far_timestamp{"int64 extremes into timestamp and date",
                             "dlt's normalize stops with an OSError; ours goes to a variant column"};
constexpr Rule large_json_integer{"integer beyond 64 bits in JSON text",
                                  "dlt makes a double of it; ours keeps its digits"};

/// JSON results are typed by their content, so `1` is a bigint there.
std::string spelled(DataType to, const Value& value) {
  if (to != DataType::json || value.is_null()) return typed_text(value);
  return typed_text(schema::from_typed_json(*parse_json(*value.as_string())));
}

std::string spelled(DataType to, const Coerced& value) {
  return value ? spelled(to, *value) : R"({"fail":true})";
}

bool is_number(DataType type) {
  return type == DataType::bigint || type == DataType::double_ || type == DataType::decimal || type == DataType::wei;
}

/// The rule under which we differ here, if we give what the rule says.
const Rule* rule_for(DataType to, const Value& value, const Coerced& ours, const Json& recorded) {
  const std::string recorded_text = to_json(recorded);
  const DataType from = value.type();
  if (is_number(from) && to == DataType::bool_ && recorded.find("bool") && !ours) return &number_to_bool;
  if (from == DataType::text && to == DataType::binary && recorded.find("binary") && !ours &&
      !value.as_string()->starts_with("0x")) {
    // Where the user declared the column, we decode as dlt does.
    const Coerced declared = schema::coerce(to, value, {.binary_text = BinaryText::hex_or_base64});
    return spelled(to, declared) == recorded_text ? &base64_to_binary : nullptr;
  }
  const bool calendar = to == DataType::timestamp || to == DataType::date;
  if (from == DataType::bigint && calendar && recorded_text == R"({"error":"OSError"})" && !ours) {
    return &far_timestamp;
  }
  if (from == DataType::text && to == DataType::json && recorded.find("double") && ours) {
    const Json document = *parse_json(*ours->as_string());
    if (document.as_number() && document.as_number()->text == *value.as_string()) return &large_json_integer;
  }
  return nullptr;
}

Outcome run_coercion(const Json& test_case) {
  const std::optional<DataType> to = data_type(text_field(test_case, "to"));
  const std::optional<DataType> from = data_type(text_field(test_case, "from"));
  const Value value = read_typed(field(test_case, "value"));
  if (!to || from != value.type()) return Failed{"the case names no types"};
  const Coerced ours = schema::coerce(*to, value);
  const Json& recorded = field(test_case, "result");
  if (spelled(*to, ours) == to_json(recorded)) return Passed{};
  if (const Rule* rule = rule_for(*to, value, ours, recorded)) return ExpectedDifference{rule};
  return differs("result", spelled(*to, ours), to_json(recorded));
}

const Registration registration({"coercion.json", run_coercion});

}  // namespace
}  // namespace outfall::vectors
