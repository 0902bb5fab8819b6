// SPDX-License-Identifier: Apache-2.0
#include "columnar/document_keys.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <vector>

#include "base/json.h"
#include "base/nfc.h"

namespace outfall::columnar {
namespace {

/// Spellings that are remembered beside one for each column: documents may have ever other ones.
constexpr std::size_t spellings_max = 4096;

}  // namespace

std::string key_text(std::string_view written) {
  if (written.find('\\') == std::string_view::npos) return std::string(written);
  const Result<Json> read = parse_json('"' + std::string(written) + '"');
  const std::string* text = read ? read->as_string() : nullptr;
  return text == nullptr ? std::string(written) : *text;
}

bool is_written_as(std::string_view key, std::string_view written) {
  return written.contains('\\') ? key_text(written) == key : written == key;
}

void DocumentKeys::add(std::string_view column, std::size_t place) {
  by_name_.emplace(column, place);
}

std::optional<std::size_t> DocumentKeys::find(std::string_view written) {
  if (const auto found = by_spelling_.find(written); found != by_spelling_.end()) return found->second;
  const std::optional<std::size_t> place = look_up(key_text(written));
  if (by_spelling_.size() < spellings_max + by_name_.size()) by_spelling_.emplace(written, place);
  return place;
}

std::optional<std::size_t> DocumentKeys::find_key(std::string_view key) {
  return key.contains('\\') ? look_up(key) : find(key);
}

std::optional<std::size_t> DocumentKeys::look_up(std::string_view key) const {
  const std::string composed = to_nfc(key);
  return find_path({&composed, 1});
}

/// Of keys with one name, all but the first have a column with a tag of their own.
std::optional<std::size_t> DocumentKeys::find_path(std::span<const std::string> keys) const {
  std::vector<std::string> parts;
  parts.reserve(keys.size());
  for (const std::string& key : keys) parts.push_back(naming_.normalize_path(key));
  const std::string name = naming_.shorten_fragments(std::vector<std::string_view>(parts.begin(), parts.end()));
  const std::string tagged = fmt::format("{}_{}", name, schema::collision_tag(fmt::to_string(fmt::join(keys, "."))));
  for (const std::string& column : {naming_.shorten_fragments(std::array<std::string_view, 1>{tagged}), name}) {
    if (const auto found = by_name_.find(column); found != by_name_.end()) return found->second;
  }
  return std::nullopt;
}

}  // namespace outfall::columnar
