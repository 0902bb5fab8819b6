// SPDX-License-Identifier: Apache-2.0
#include "sources/files/input_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
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
constexpr std::array<Kind, 10> other_kinds{{
    {"PAR1\x15", "a Parquet file", "load it with --input-format parquet"},
    {"ARROW1\0"sv, "an Arrow IPC file", load_as_arrow},
    {"\xff\xff\xff\xff", "an Arrow IPC stream", load_as_arrow},
    {"PK\x03\x04", "a zip archive or a workbook", "unpack it, or save its sheet as CSV"},
    {"BZh", "compressed with bzip2",
     "pipe it in: bzcat FILE | outfall run - --table TABLE, with the other options as they are", 1, "1AY&SY"},
    {"\xfd\x37zXZ", "compressed with xz",
     "pipe it in: xzcat FILE | outfall run - --table TABLE, with the other options as they are"},
    {"\x04\x22\x4d\x18", "compressed with lz4",
     "pipe it in: lz4cat FILE | outfall run - --table TABLE, with the other options as they are"},
    {.begin = "", .what = "a tar archive", .hint = "unpack it: tar -xf FILE", .any = 257, .behind_any = "ustar"},
    {"SQLite format 3\0"sv, "a SQLite database",
     "write its rows as CSV first: sqlite3 -csv -header FILE \"select ...\""},
    {"Obj\x01", "an Avro file", "write it as JSON lines or Parquet first"},
}};
constexpr Kind duckdb_database{
    .begin = "",
    .what = "a DuckDB database",
    .hint = "write its rows first: outfall query duckdb:FILE \"select ...\" -o parquet > FILE.parquet",
    .any = 8,  // a checksum
    .behind_any = "DUCK"};

/// What DuckDB, and we, append to the name of a database for what belongs to it.
constexpr std::array<std::string_view, 5> companion_endings{".wal", ".tmp", ".outfall-new", ".checkpoint", ".recovery"};
constexpr std::string_view torn_copy = ".torn-";

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

bool is_duckdb_database(std::string_view begin) {
  if (begin.size() < duckdb_header_bytes || !is_kind(begin, duckdb_database)) return false;
  // The version of the format, a small number: no text has its zero bytes.
  const std::string_view high_bytes = begin.substr(14, 6);
  return std::ranges::all_of(high_bytes, [](char byte) { return byte == 0; });
}

bool has_name_of_duckdb_database(std::string_view name) {
  return has_ending(name, ".duckdb");
}

std::string_view without_companion_ending(std::string_view name) {
  for (const std::string_view ending : companion_endings) {
    if (has_ending(name, ending)) return name.substr(0, name.size() - ending.size());
  }
  const std::size_t torn = name.rfind(torn_copy);
  if (torn == std::string_view::npos) return {};
  const std::string_view number = name.substr(torn + torn_copy.size());
  return number.find_first_not_of("0123456789") == std::string_view::npos ? name.substr(0, torn) : std::string_view();
}

std::optional<InputFormat> format_of_name(std::string_view path) {
  const std::string_view name = uncompressed_name(path);
  for (const auto& [ending, format] : formats) {
    if (has_ending(name, ending)) return format;
  }
  return std::nullopt;
}

Status check_is_text(std::string_view begin, std::string_view input) {
  const auto* kind = std::ranges::find_if(other_kinds, [begin](const Kind& other) { return is_kind(begin, other); });
  if (kind == other_kinds.end() && is_duckdb_database(begin)) kind = &duckdb_database;
  if (kind == other_kinds.end()) return {};
  return fail(fmt::format("{} is {}, and no JSON or CSV", input, kind->what), std::string(kind->hint));
}

bool may_be_no_text(std::string_view begin) {
  return !begin.empty() && std::ranges::any_of(other_kinds, [begin](const Kind& kind) {
    const std::size_t needed = kind.begin.size() + kind.any + kind.behind_any.size();
    const std::size_t common = std::min(begin.size(), kind.begin.size());
    return !kind.begin.empty() && needed > begin.size() && kind.begin.substr(0, common) == begin.substr(0, common);
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
