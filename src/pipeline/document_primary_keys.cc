// SPDX-License-Identifier: Apache-2.0
#include "pipeline/document_primary_keys.h"

#include <cstddef>
#include <optional>
#include <utility>

#include "base/json.h"
#include "base/limits.h"
#include "base/nfc.h"
#include "delivery/row_keys.h"

namespace outfall::pipeline {
namespace {

/// Takes the values of columns out of a document whose objects become columns.
class KeyValues {
 public:
  KeyValues(const std::vector<delivery::KeyColumn>& key, const columnar::DocumentKeys& columns)
      : key_(key), columns_(columns), values_(key.size()) {}

  /// No deeper than parse_json reads.
  void take(const Json::Object& object, int levels) {
    for (const Json::Member& member : object) {
      path_.push_back(to_nfc(member.key));
      if (member.value.is_object() && levels > 0)
        take(*member.value.as_object(), levels - 1);
      else
        put(member.value);
      path_.pop_back();
    }
  }

  std::string text() const {
    std::vector<std::string_view> values;
    for (const Value& value : values_) values.push_back(value.text);
    return delivery::key_text(key_, values);
  }

 private:
  struct Value {
    std::vector<std::string> path;
    std::string text;
  };

  /// Of keys that are called alike the first has the name, of equal ones the last counts.
  void put(const Json& value) {
    const std::optional<std::size_t> place = columns_.find_path(path_);
    if (!place || *place >= values_.size()) return;
    Value& known = values_[*place];
    if (known.text.empty() || known.path == path_) known = {.path = path_, .text = to_json(value)};
  }

  const std::vector<delivery::KeyColumn>& key_;
  const columnar::DocumentKeys& columns_;
  std::vector<Value> values_;
  std::vector<std::string> path_;
};

}  // namespace

DocumentPrimaryKeys::DocumentPrimaryKeys(const schema::Schema& schema, const normalize::ShapeOptions& shape)
    : schema_(schema), shape_(shape) {
  for (const auto& [name, options] : shape.roots) {
    const schema::Table* table = schema.tables.find(name);
    if (table == nullptr) continue;
    Root root{.key = {}, .columns = columnar::DocumentKeys(shape.naming)};
    // A column that has no type yet may get one before the first row is there.
    for (const schema::Column& column : table->columns) {
      if (!column.primary_key) continue;
      root.columns.add(column.name, root.key.size());
      root.key.push_back({.name = column.name});
    }
    if (!root.key.empty()) roots_.emplace(name, std::move(root));
  }
}

/// A key with another one's name may have got a column since.
void DocumentPrimaryKeys::learn_columns(const std::string& table, Root& root) const {
  const schema::Table* now = schema_.tables.find(table);
  if (now == nullptr || now->columns.size() == root.known) return;
  root.known = now->columns.size();
  for (const schema::Column& column : now->columns) root.columns.add(column.name, root.key.size());
}

std::string DocumentPrimaryKeys::of(const std::string& table, std::string_view text) {
  const auto found = roots_.find(table);
  // What is kept in part cannot be replayed.
  if (found == roots_.end() || text.size() > limits::letter_text_bytes_max) return "";
  Root& root = found->second;
  const Result<Json> document = parse_json(text, Fractions::as_written);
  if (!document || !document->is_object()) return "";
  learn_columns(table, root);
  KeyValues values(root.key, root.columns);
  values.take(*document->as_object(), shape_.of_root(table).max_nesting);
  return values.text();
}

}  // namespace outfall::pipeline
