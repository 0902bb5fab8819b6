// SPDX-License-Identifier: Apache-2.0
//
// tags.json: the six characters that stand for a name too long to be kept.
#include "schema/naming.h"
#include "vector_file.h"

namespace outfall::vectors {
namespace {

Outcome run_tag(const Json& test_case) {
  const std::string ours = schema::collision_tag(text_field(test_case, "in"));
  const std::string& recorded = text_field(test_case, "tag");
  if (ours != recorded) return differs("tag", ours, recorded);
  return Passed{};
}

const Registration registration({"tags.json", run_tag});

}  // namespace
}  // namespace outfall::vectors
