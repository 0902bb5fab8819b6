// SPDX-License-Identifier: Apache-2.0
#include "normalize/document_text.h"

#include <simdjson.h>

#include <algorithm>

#include "base/json_span.h"

namespace outfall::normalize {
namespace {

constexpr std::string_view blanks = " \t\r\n";

std::size_t behind_blanks(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(blanks, at), text.size());
}

/// The same text without members. One that goes takes the comma behind it along, the last of its object the one in
/// front.
std::string without(std::string_view text, const std::unordered_set<std::size_t>& left_out) {
  std::string kept;
  kept.reserve(text.size());
  for (std::size_t at = behind_blanks(text, 0); at < text.size(); at = behind_blanks(text, at)) {
    if (text[at] != '"') {
      kept += text[at++];
      continue;
    }
    const std::size_t end = std::min(json_string_end(text, at), text.size());
    if (!left_out.contains(at + 1)) {
      kept += text.substr(at, end - at);
      at = end;
      continue;
    }
    const std::size_t value = behind_blanks(text, behind_blanks(text, end) + 1);
    at = behind_blanks(text, json_value_end(text, value));
    if (text.substr(at).starts_with(',')) {
      ++at;
    } else if (kept.ends_with(',')) {
      kept.pop_back();
    }
  }
  return kept;
}

}  // namespace

void append_document(std::string_view text, const std::unordered_set<std::size_t>& left_out,
                     columnar::GrowingBuffer& out) {
  if (!left_out.empty()) {
    const std::string kept = without(text, left_out);
    return out.append(kept.data(), kept.size());
  }
  std::size_t written = 0;
  auto* to = reinterpret_cast<char*>(out.reserve(text.size() + simdjson::SIMDJSON_PADDING));
  // It fails only where a string does not end.
  [[maybe_unused]] const simdjson::error_code ruled_out = simdjson::minify(text.data(), text.size(), to, written);
  out.advance(written);
}

}  // namespace outfall::normalize
