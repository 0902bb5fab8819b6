// SPDX-License-Identifier: Apache-2.0
#include "columnar/document_rows.h"

#include <cstring>

#include "base/json.h"
#include "base/json_span.h"
#include "base/nfc.h"

namespace outfall::columnar {
namespace {

/// Whether a member may be null, somewhere: most documents have none, and are copied whole.
bool may_have_null(std::string_view document) {
  constexpr std::string_view value = ":null";
  return memmem(document.data(), document.size(), value.data(), value.size()) != nullptr;
}

/// Whether a value is an integer that doubles may not hold.
bool is_beyond_doubles(std::string_view value) {
  constexpr std::string_view largest = "9007199254740992";  // 2^53
  if (value.starts_with('-')) value.remove_prefix(1);
  if (value.size() < largest.size() || value.find_first_not_of("0123456789") != std::string_view::npos) return false;
  return value.size() > largest.size() || value > largest;
}

}  // namespace

DocumentRows::DocumentRows(std::span<const RowTextColumn> columns, const RowForm& form) : form_(form) {
  if (form.nulls != RowNulls::send) return;
  for (const RowTextColumn& column : columns) {
    if (column.is_variant) continue;  // a value that fits no column has its own key all the same
    Column& made = columns_.emplace_back();
    append_json_string(made.null, column.name);
    made.null += ":null";
    by_name_.emplace(column.name, columns_.size() - 1);
  }
}

bool DocumentRows::append(std::string_view document, std::string& out) {
  if (!document.starts_with('{')) return false;
  const bool may_change = form_.nulls == RowNulls::send || form_.ints_as_strings ||
                          (form_.nulls == RowNulls::omit && may_have_null(document));
  if (may_change) return append_members(document, out);
  out += document;
  return true;
}

bool DocumentRows::append_members(std::string_view document, std::string& out) {
  ++documents_;
  bool is_first = true;
  const auto separate = [&] {
    if (!is_first) out += ',';
    is_first = false;
  };
  out += '{';
  JsonMembers members(document);
  while (const auto member = members.next()) {
    if (form_.nulls == RowNulls::omit && member->value == "null") continue;
    if (form_.nulls == RowNulls::send) note(member->key);
    separate();
    const bool in_quotes = form_.ints_as_strings && is_beyond_doubles(member->value);
    out += '"';
    out += member->key;
    out += in_quotes ? "\":\"" : "\":";
    out += member->value;
    if (in_quotes) out += '"';
  }
  for (const Column& column : columns_) {
    if (column.last_document == documents_) continue;
    separate();
    out += column.null;
  }
  out += '}';
  return members.is_whole();
}

void DocumentRows::note(std::string_view key) {
  name_ = key;
  auto found = by_name_.find(name_);
  if (found == by_name_.end()) {
    // Spelled otherwise than its column.
    const Result<Json> spelled = parse_json('"' + name_ + '"');
    const std::string* text = spelled ? spelled->as_string() : nullptr;
    if (text == nullptr) return;
    found = by_name_.find(naming_.normalize_path(to_nfc(*text)));
  }
  if (found != by_name_.end()) columns_[found->second].last_document = documents_;
}

}  // namespace outfall::columnar
