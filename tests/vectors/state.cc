// SPDX-License-Identifier: Apache-2.0
//
// state.json: stored pipeline states, read, written back and hashed.
#include "schema/pipeline_state.h"
#include "schema/stored_text.h"
#include "vector_file.h"

namespace outfall::vectors {
namespace {

using schema::PipelineState;

Outcome run_state(const Json& test_case) {
  const std::string& recorded = text_field(test_case, "document");
  const std::string& recorded_hash = text_field(test_case, "version_hash");
  Result<PipelineState> state = PipelineState::restore(text_field(test_case, "state"));
  if (!state) return Failed{state.error().message};
  if (state->text() != recorded) return differs("document", state->text(), recorded);
  if (state->version_hash() != recorded_hash) return differs("stored hash", state->version_hash(), recorded_hash);
  if (state->compute_version_hash() != recorded_hash)
    return differs("hash", state->compute_version_hash(), recorded_hash);
  if (state->bump()) return Failed{"bump saw a change where there is none"};
  // Another zlib may pack it into other bytes, so what we pack is compared unpacked.
  const Result<std::string> unpacked = schema::unpack_text(state->stored_text());
  if (unpacked != recorded) return Failed{"what we store does not read back"};
  return Passed{};
}

const Registration registration({"state.json", run_state});

}  // namespace
}  // namespace outfall::vectors
