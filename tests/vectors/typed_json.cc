// SPDX-License-Identifier: Apache-2.0
//
// typed_json.json: a value in a document, with its type marked and without.
#include "schema/typed_json.h"

#include <fmt/format.h>

#include "typed_value.h"
#include "vector_file.h"

namespace outfall::vectors {
namespace {

std::string document(Json value) {
  Json holder = Json::object();
  holder.set("v", std::move(value));
  return to_json(holder);
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return out;
}

Outcome run_typed_json(const Json& test_case) {
  const schema::Value value = read_typed(field(test_case, "value"));
  const std::string typed = document(schema::to_typed_json(value));
  if (typed != text_field(test_case, "typed")) return differs("typed", typed, text_field(test_case, "typed"));
  if (hex(typed) != text_field(test_case, "typed_hex"))
    return differs("bytes", hex(typed), text_field(test_case, "typed_hex"));
  const std::string plain = document(schema::to_plain_json(value));
  if (plain != text_field(test_case, "plain")) return differs("plain", plain, text_field(test_case, "plain"));
  const Json read = *parse_json(typed);
  const std::string decoded = typed_text(schema::from_typed_json(field(read, "v")));
  const std::string recorded = to_json(field(test_case, "decoded"));
  return decoded == recorded ? Outcome(Passed{}) : differs("decoded", decoded, recorded);
}

const Registration registration({"typed_json.json", run_typed_json});

}  // namespace
}  // namespace outfall::vectors
