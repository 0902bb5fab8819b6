// SPDX-License-Identifier: Apache-2.0
//
// The floor to measure against: simdjson reads a file of newline-delimited JSON and touches every key and value, and
// makes nothing of them. Prints the number of documents and of values.
#include <simdjson.h>

#include <cstdio>
#include <vector>

using simdjson::ondemand::json_type;

namespace {

/// Deep enough for the files of the benchmark.
constexpr int depth_max = 200;

std::size_t walk(simdjson::ondemand::value value, int depth) {
  if (depth > depth_max) return 0;
  std::size_t seen = 1;
  switch (value.type().value()) {
    case json_type::object:
      for (auto field : value.get_object().value()) {
        seen += field.unescaped_key().value().size() > 0;
        seen += walk(field.value().value(), depth + 1);
      }
      break;
    case json_type::array:
      for (auto element : value.get_array().value()) seen += walk(element.value(), depth + 1);
      break;
    case json_type::number:
      seen += value.get_number().value().is_int64();
      break;
    case json_type::string:
      seen += value.get_string().value().size() > 0;
      break;
    case json_type::boolean:
      seen += value.get_bool().value();
      break;
    default:
      break;
  }
  return seen;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  simdjson::padded_string text;
  if (simdjson::padded_string::load(argv[1]).get(text)) return 1;
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document_stream documents;
  if (parser.iterate_many(text, 1 << 20).get(documents)) return 1;
  std::size_t count = 0;
  std::size_t seen = 0;
  for (auto document : documents) {
    simdjson::ondemand::value value;
    if (document.get_value().get(value)) return 1;
    seen += walk(value, 0);
    ++count;
  }
  std::printf("%zu documents, %zu values\n", count, seen);
  return 0;
}
