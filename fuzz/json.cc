// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as documents: rows or an error that says where, and the same whatever the chunks.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "normalize/shaping_for_tests.h"

namespace {

using outfall::normalize::for_tests::shape;
using outfall::normalize::for_tests::Shaped;
using outfall::normalize::for_tests::ShapingOptions;

constexpr int nestings[] = {0, 1, 2, 1000};

/// Documents that are kept whole give the same schema, and are documents that are kept as they are.
void keep_whole(std::string_view documents, const Shaped& in_cells) {
  ShapingOptions options;
  options.shape.roots = {{"t", {.max_nesting = 0, .keeps_documents = true}}};
  const Shaped kept = shape(documents, options);
  if (kept.schema.to_json() != in_cells.schema.to_json()) std::abort();
  std::string again;
  constexpr std::string_view column = "_dlt_document=";
  for (const auto& [table, rows] : kept.rows) {
    for (const std::string& row : rows) again += row.substr(column.size()) + "\n";
  }
  if (shape(again, options).rows != kept.rows) std::abort();
}

Shaped shape_as(std::string_view documents, int nesting, std::size_t chunk_bytes) {
  ShapingOptions options;
  options.shape.max_nesting = nesting;
  options.chunk_bytes = chunk_bytes;
  return shape(documents, options);
}

}  // namespace

/// The first byte chooses the nesting and the size of the chunks.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view documents(reinterpret_cast<const char*>(data) + 1, size - 1);
  const int nesting = nestings[data[0] % 4];
  const Shaped whole = shape_as(documents, nesting, outfall::normalize::for_tests::whole_input);
  const Shaped cut = shape_as(documents, nesting, 1 + data[0] / 4);
  if (whole.error != cut.error) std::abort();
  if (!whole.error.empty()) {
    if (!whole.error.starts_with("test.jsonl, line ")) std::abort();
    return 0;
  }
  if (whole.rows != cut.rows || whole.schema.to_json() != cut.schema.to_json()) std::abort();
  if (nesting == 0) keep_whole(documents, whole);
  return 0;
}
