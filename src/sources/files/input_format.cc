// SPDX-License-Identifier: Apache-2.0
#include "sources/files/input_format.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace outfall::sources {
namespace {

constexpr std::array<std::string_view, 2> compressions{".gz", ".zst"};
constexpr std::array<std::pair<std::string_view, InputFormat>, 11> formats{{
    {".jsonl", InputFormat::json},
    {".ndjson", InputFormat::json},
    {".json", InputFormat::json},
    {".csv", InputFormat::csv},
    {".tsv", InputFormat::csv},
    {".parquet", InputFormat::parquet},
    {".pq", InputFormat::parquet},
    {".arrow", InputFormat::arrow},
    {".arrows", InputFormat::arrow},
    {".feather", InputFormat::arrow},
    {".ipc", InputFormat::arrow},
}};

std::string_view file_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

/// A name that is nothing but the ending is no match: it would leave nothing.
bool has_ending(std::string_view name, std::string_view lower_ending) {
  return name.size() > lower_ending.size() &&
         std::ranges::equal(name.substr(name.size() - lower_ending.size()), lower_ending,
                            [](unsigned char a, char b) { return std::tolower(a) == b; });
}

std::string_view uncompressed_name(std::string_view path) {
  std::string_view name = file_name(path);
  for (const std::string_view ending : compressions) {
    if (has_ending(name, ending)) return name.substr(0, name.size() - ending.size());
  }
  return name;
}

}  // namespace

InputFormat format_of_file(std::string_view path) {
  const std::string_view name = uncompressed_name(path);
  for (const auto& [ending, format] : formats) {
    if (has_ending(name, ending)) return format;
  }
  return InputFormat::json;
}

char expected_delimiter(std::string_view path) {
  return has_ending(uncompressed_name(path), ".tsv") ? '\t' : ',';
}

std::string_view stem(std::string_view path) {
  const std::string_view name = uncompressed_name(path);
  for (const auto& [ending, format] : formats) {
    if (has_ending(name, ending)) return name.substr(0, name.size() - ending.size());
  }
  return name;
}

}  // namespace outfall::sources
