// SPDX-License-Identifier: Apache-2.0
#include "pipeline/document_primary_keys.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/json.h"
#include "base/limits.h"
#include "base/nfc.h"
#include "delivery/row_keys.h"

namespace outfall::pipeline {
namespace {

using Columns = std::vector<delivery::KeyColumn>;

/// Takes the values of columns out of a document whose objects become columns.
class KeyValues {
 public:
  KeyValues(const Columns& columns, const schema::Naming& naming)
      : columns_(columns), naming_(naming), values_(columns.size()) {}

  /// No deeper than parse_json reads.
  void take(const Json::Object& object, int levels) {
    for (const Json::Member& member : object) {
      parts_.push_back(naming_.normalize_path(to_nfc(member.key)));
      if (member.value.is_object() && levels > 0)
        take(*member.value.as_object(), levels - 1);
      else
        put(member.value);
      parts_.pop_back();
    }
  }

  std::string text() const {
    return delivery::key_text(columns_, std::vector<std::string_view>(values_.begin(), values_.end()));
  }

 private:
  void put(const Json& value) {
    const std::vector<std::string_view> parts(parts_.begin(), parts_.end());
    const auto column = std::ranges::find(columns_, naming_.shorten_fragments(parts), &delivery::KeyColumn::name);
    if (column != columns_.end()) values_[static_cast<std::size_t>(column - columns_.begin())] = to_json(value);
  }

  const Columns& columns_;
  const schema::Naming& naming_;
  std::vector<std::string> values_;
  std::vector<std::string> parts_;
};

}  // namespace

DocumentPrimaryKeys::DocumentPrimaryKeys(const schema::Schema& schema, const normalize::ShapeOptions& shape)
    : shape_(shape) {
  for (const auto& [root, options] : shape.roots) {
    const schema::Table* table = schema.tables.find(root);
    if (table == nullptr) continue;
    // A column that has no type yet may get one before the first row is there.
    Columns columns;
    for (const schema::Column& column : table->columns) {
      if (column.primary_key) columns.push_back({.name = column.name});
    }
    if (!columns.empty()) columns_.emplace(root, std::move(columns));
  }
}

std::string DocumentPrimaryKeys::of(const std::string& table, std::string_view text) const {
  const auto columns = columns_.find(table);
  // What is kept in part cannot be replayed.
  if (columns == columns_.end() || text.size() > limits::letter_text_bytes_max) return "";
  const Result<Json> document = parse_json(text, Fractions::as_written);
  if (!document || !document->is_object()) return "";
  KeyValues values(columns->second, shape_.naming);
  values.take(*document->as_object(), shape_.of_root(table).max_nesting);
  return values.text();
}

}  // namespace outfall::pipeline
