// SPDX-License-Identifier: Apache-2.0
#include "sources/files/input_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace outfall::sources {
namespace {

using std::string_view_literals::operator""sv;

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

/// What other kinds of files begin with.
struct Kind {
  std::string_view begin;
  std::string_view what;
  std::string_view hint;
  std::size_t any = 0;  ///< bytes behind `begin` that may be what they want
  std::string_view behind_any{};
};
constexpr std::string_view load_as_arrow = "load it with --input-format arrow";
constexpr std::array<Kind, 9> other_kinds{{
    {"PAR1\x15", "a Parquet file", "load it with --input-format parquet"},
    {"ARROW1\0"sv, "an Arrow IPC file", load_as_arrow},
    {"\xff\xff\xff\xff", "an Arrow IPC stream", load_as_arrow},
    {"PK\x03\x04", "a zip archive or a workbook", "unpack it, or save its sheet as CSV"},
    {"BZh", "compressed with bzip2", "pipe it in: bzcat FILE | outfall run - --table TABLE", 1, "1AY&SY"},
    {"\xfd\x37zXZ", "compressed with xz", "pipe it in: xzcat FILE | outfall run - --table TABLE"},
    {"SQLite format 3\0"sv, "a SQLite database",
     "write its rows as CSV first: sqlite3 -csv -header FILE \"select ...\""},
    {"Obj\x01", "an Avro file", "write it as JSON lines or Parquet first"},
    {"", "a DuckDB database",
     "write its rows first: outfall query duckdb:FILE \"select ...\" -o parquet > FILE.parquet", 8, "DUCK"},
}};

bool is_kind(std::string_view begin, const Kind& kind) {
  if (!begin.starts_with(kind.begin)) return false;
  const std::size_t behind = kind.begin.size() + kind.any;
  return begin.size() >= behind && begin.substr(behind).starts_with(kind.behind_any);
}

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

bool is_left_out_of_folders(std::string_view name) {
  return name.starts_with('.') || has_ending(name, ".duckdb") || has_ending(name, ".duckdb.wal");
}

InputFormat format_of_file(std::string_view path) {
  const std::string_view name = uncompressed_name(path);
  for (const auto& [ending, format] : formats) {
    if (has_ending(name, ending)) return format;
  }
  return InputFormat::json;
}

Status check_is_text(std::string_view begin, std::string_view input) {
  for (const Kind& kind : other_kinds) {
    if (!is_kind(begin, kind)) continue;
    return fail(fmt::format("{} is {}, and no JSON or CSV", input, kind.what), std::string(kind.hint));
  }
  return {};
}

bool may_be_no_text(std::string_view begin) {
  return !begin.empty() && std::ranges::any_of(other_kinds, [begin](const Kind& kind) {
    const std::size_t needed = kind.begin.size() + kind.any + kind.behind_any.size();
    const std::size_t common = std::min(begin.size(), kind.begin.size());
    // One that begins with anything is not waited for: all short texts would be it.
    return common > 0 && needed > begin.size() && kind.begin.substr(0, common) == begin.substr(0, common);
  });
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
