// SPDX-License-Identifier: Apache-2.0
#include "columnar/document_keys.h"

#include "base/json.h"
#include "base/nfc.h"

namespace outfall::columnar {
namespace {

/// Spellings that are remembered: documents may have ever other ones.
constexpr std::size_t spellings_max = 4096;

}  // namespace

std::string key_text(std::string_view written) {
  if (written.find('\\') == std::string_view::npos) return std::string(written);
  const Result<Json> read = parse_json('"' + std::string(written) + '"');
  const std::string* text = read ? read->as_string() : nullptr;
  return text == nullptr ? std::string(written) : *text;
}

void DocumentKeys::add(std::string_view column, std::size_t place) {
  by_name_.emplace(column, place);
}

std::optional<std::size_t> DocumentKeys::find(std::string_view written) {
  if (const auto found = by_name_.find(written); found != by_name_.end()) return found->second;
  if (const auto found = by_spelling_.find(written); found != by_spelling_.end()) return found->second;
  const auto column = by_name_.find(naming_.normalize_path(to_nfc(key_text(written))));
  const std::optional<std::size_t> place = column == by_name_.end() ? std::nullopt : column->second;
  if (by_spelling_.size() < spellings_max) by_spelling_.emplace(written, place);
  return place;
}

}  // namespace outfall::columnar
