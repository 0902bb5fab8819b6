// SPDX-License-Identifier: Apache-2.0
#include "vector_file.h"

#include <fmt/format.h>

#include <stdexcept>

#include "base/utf8.h"

namespace outfall::vectors {

std::vector<VectorFile>& Registration::all() {
  static std::vector<VectorFile> files;
  return files;
}

const Json& field(const Json& test_case, std::string_view key) {
  if (const Json* value = test_case.find(key)) return *value;
  throw std::runtime_error(fmt::format("the case has no \"{}\"", key));
}

const std::string& text_field(const Json& test_case, std::string_view key) {
  if (const std::string* text = field(test_case, key).as_string()) return *text;
  throw std::runtime_error(fmt::format("\"{}\" of the case is no string", key));
}

Failed differs(std::string_view what, std::string_view ours, std::string_view recorded) {
  // Long texts are shown from a little before the first difference.
  constexpr std::size_t shown_max = 200;
  constexpr std::size_t before = 40;
  std::size_t same = 0;
  while (same < ours.size() && same < recorded.size() && ours[same] == recorded[same]) ++same;
  const std::size_t from = same > before ? same - before : 0;
  const auto cut = [&](std::string_view text) {
    const std::string_view rest = text.substr(from);
    return fmt::format("{}{}{}", from > 0 ? "..." : "", utf8_prefix(rest, shown_max),
                       rest.size() > shown_max ? "..." : "");
  };
  return {fmt::format("{}: ours \"{}\", recorded \"{}\"", what, cut(ours), cut(recorded))};
}

}  // namespace outfall::vectors
