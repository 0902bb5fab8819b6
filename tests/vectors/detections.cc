// SPDX-License-Identifier: Apache-2.0
//
// detections.json: what each detection says about a value.
#include <chrono>

#include "schema/detection.h"
#include "typed_value.h"
#include "vector_file.h"

namespace outfall::vectors {
namespace {

using schema::Detection;

/// The recorded answers hold from late 2021 to 2103 without the numbers near now, which are left out: this is 2024.
constexpr std::chrono::seconds now{1'704'164'645};

Outcome run_detections(const Json& test_case) {
  const schema::Value value = read_typed(field(test_case, "value"));
  for (const Detection detection : {Detection::timestamp, Detection::iso_timestamp, Detection::iso_date,
                                    Detection::large_integer, Detection::hexbytes_to_text, Detection::wei_to_double}) {
    const std::optional<DataType> found = schema::detect(detection, value, now);
    const Json ours = found ? Json(name(*found)) : Json();
    const Json& recorded = field(test_case, schema::name(detection));
    if (ours != recorded) return differs(schema::name(detection), to_json(ours), to_json(recorded));
  }
  return Passed{};
}

const Registration registration({"detections.json", run_detections});

}  // namespace
}  // namespace outfall::vectors
