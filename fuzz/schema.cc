// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a JSON, schema or state document: an error, or a value that is written and read back as the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/json.h"
#include "schema/pipeline_state.h"
#include "schema/schema.h"

namespace {

using outfall::schema::PipelineState;
using outfall::schema::Schema;

void check_json(std::string_view text) {
  const auto document = outfall::parse_json(text);
  if (!document) return;
  const std::string written = outfall::to_json(*document);
  const auto again = outfall::parse_json(written);
  if (!again || outfall::to_json(*again) != written) std::abort();
  if (outfall::parse_json(outfall::to_canonical_json(*document)).has_value() == false) std::abort();
}

void check_schema(std::string_view text) {
  auto schema = Schema::parse(text);
  if (!schema) return;
  const std::string written = schema->to_json();
  const auto again = Schema::parse(written);
  if (!again || again->to_json() != written) std::abort();
  if (again->compute_version_hash() != schema->compute_version_hash()) std::abort();
  for (const auto& table : schema->tables) (void)schema->root_of(table.name);
  (void)schema->naming();
  (void)schema->max_nesting();
  schema->propagate_root_id("t");
  schema->bump();
  if (schema->bump()) std::abort();
}

void check_state(std::string_view text) {
  auto state = PipelineState::restore(text);
  if (!state) return;
  const std::string written = state->text();
  const auto again = PipelineState::parse(written);
  if (!again || again->text() != written) std::abort();
  state->bump();
  state->add_schema("s");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_json(text);
  check_schema(text);
  check_state(text);
  return 0;
}
