// SPDX-License-Identifier: Apache-2.0
#include "columnar/document_rows.h"

#include <cstring>

#include "base/json.h"
#include "base/json_span.h"

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
    if (!column.variant_of.empty()) continue;  // a value that fits no column has its own key all the same
    Column& made = columns_.emplace_back();
    append_json_string(made.null, column.name);
    made.null += ":null";
    keys_.add(column.name, columns_.size() - 1);
  }
}

bool DocumentRows::append(std::string_view document, std::string& out) {
  if (!document.starts_with('{')) return false;
  const bool may_change = form_.nulls == RowNulls::send || form_.ints_as_strings ||
                          (form_.nulls == RowNulls::omit && may_have_null(document));
  if (may_change) return append_members(document, nullptr, out);
  out += document;
  return true;
}

bool DocumentRows::append(std::string_view document, const WriteValue& write_value, std::string& out) {
  return document.starts_with('{') && append_members(document, &write_value, out);
}

void DocumentRows::append_value(std::string_view value, std::string& out) const {
  const bool in_quotes = form_.ints_as_strings && is_beyond_doubles(value);
  if (in_quotes) out += '"';
  out += value;
  if (in_quotes) out += '"';
}

bool DocumentRows::append_members(std::string_view document, const WriteValue* write_value, std::string& out) {
  ++documents_;
  bool is_first = true;
  const auto separate = [&] {
    if (!is_first) out += ',';
    is_first = false;
  };
  out += '{';
  JsonMembers members(document);
  while (const auto member = members.next()) {
    const bool is_null = member->value == "null";
    if (form_.nulls == RowNulls::omit && is_null) continue;
    if (form_.nulls == RowNulls::send) {
      if (const auto column = keys_.find(member->key)) columns_[*column].last_document = documents_;
    }
    separate();
    out += '"';
    out += member->key;
    out += "\":";
    if (write_value != nullptr && !is_null)
      (*write_value)(member->key, member->value, out);
    else
      append_value(member->value, out);
  }
  for (const Column& column : columns_) {
    if (column.last_document == documents_) continue;
    separate();
    out += column.null;
  }
  out += '}';
  return members.is_whole();
}

}  // namespace outfall::columnar
