// SPDX-License-Identifier: Apache-2.0
//
// A JSON array, one element a part: [bytes_end, rows_end, has_dictionaries, hash]. What stands before a section:
// [bytes_end, tail_hash].
#include "columnar/ipc_file_parts.h"

#include <optional>
#include <utility>

#include "base/json.h"

namespace outfall::columnar {
namespace {

std::optional<FilePart> part_of(const Json& element) {
  const Json::Array* fields = element.as_array();
  if (fields == nullptr || fields->size() != 4) return std::nullopt;
  const std::int64_t* bytes_end = (*fields)[0].as_int();
  const std::int64_t* rows_end = (*fields)[1].as_int();
  const bool* has_dictionaries = (*fields)[2].as_bool();
  const std::string* hash = (*fields)[3].as_string();
  if (bytes_end == nullptr || rows_end == nullptr || has_dictionaries == nullptr || hash == nullptr)
    return std::nullopt;
  if (*bytes_end < 0 || *rows_end < 0) return std::nullopt;
  return FilePart{.bytes_end = static_cast<std::uint64_t>(*bytes_end),
                  .rows_end = static_cast<std::uint64_t>(*rows_end),
                  .has_dictionaries = *has_dictionaries,
                  .hash = *hash};
}

}  // namespace

std::string file_parts_text(std::span<const FilePart> parts) {
  Json list = Json::array();
  for (const FilePart& part : parts) {
    Json fields = Json::array();
    fields.push_back(static_cast<std::int64_t>(part.bytes_end));
    fields.push_back(static_cast<std::int64_t>(part.rows_end));
    fields.push_back(part.has_dictionaries);
    fields.push_back(part.hash);
    list.push_back(std::move(fields));
  }
  return to_json(list);
}

Result<std::vector<FilePart>> read_file_parts(std::string_view text) {
  const Result<Json> list = parse_json(text);
  if (!list || list->as_array() == nullptr) return fail("its footer does not say what it is made of");
  std::vector<FilePart> parts;
  parts.reserve(list->as_array()->size());
  FilePart before;
  for (const Json& element : *list->as_array()) {
    std::optional<FilePart> part = part_of(element);
    if (!part || part->bytes_end < before.bytes_end || part->rows_end < before.rows_end)
      return fail("its footer does not say what its batches are");
    before = *part;
    parts.push_back(std::move(*part));
  }
  return parts;
}

std::string section_before_text(const SectionBefore& before) {
  Json fields = Json::array();
  fields.push_back(static_cast<std::int64_t>(before.bytes_end));
  fields.push_back(before.tail_hash);
  return to_json(fields);
}

Result<SectionBefore> read_section_before(std::string_view text) {
  const Result<Json> read = parse_json(text);
  const Json::Array* fields = read ? read->as_array() : nullptr;
  const bool is_whole = fields != nullptr && fields->size() == 2;
  const std::int64_t* bytes_end = is_whole ? (*fields)[0].as_int() : nullptr;
  const std::string* tail_hash = is_whole ? (*fields)[1].as_string() : nullptr;
  if (bytes_end == nullptr || *bytes_end < 0 || tail_hash == nullptr)
    return fail("its footer does not say what stands before it");
  return SectionBefore{.bytes_end = static_cast<std::uint64_t>(*bytes_end), .tail_hash = *tail_hash};
}

}  // namespace outfall::columnar
