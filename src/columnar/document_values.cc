// SPDX-License-Identifier: Apache-2.0
#include "columnar/document_values.h"

#include <charconv>
#include <system_error>

#include "base/json_span.h"

namespace outfall::columnar {
namespace {

Value number_of_json(std::string_view written) {
  const auto read = [&](auto number) -> std::optional<Value> {
    const char* const begin = written.data();
    const char* const end = begin + written.size();
    const auto [stop, error] = std::from_chars(begin, end, number);
    return error == std::errc() && stop == end ? std::optional<Value>(number) : std::nullopt;
  };
  const bool is_whole = written.find_first_of(".eE") == std::string_view::npos;
  return (is_whole ? read(std::int64_t{0}) : read(double{0})).value_or(JsonText{written});
}

}  // namespace

bool is_nested(std::string_view written) {
  return written.starts_with('{') || written.starts_with('[');
}

std::optional<std::string_view> DocumentValues::find(std::uint64_t row, std::string_view document, std::size_t column,
                                                     DocumentKeys& keys) {
  if (row_ != row) {
    row_ = row;
    ++serial_;
    JsonMembers members(document);
    while (const std::optional<JsonSpan> member = members.next()) {
      const std::optional<std::size_t> place = keys.find(member->key);
      if (!place || member->value == "null") continue;
      if (by_column_.size() <= *place) by_column_.resize(*place + 1);
      by_column_[*place] = {.serial = serial_, .written = member->value};
    }
  }
  const bool is_there = column < by_column_.size() && by_column_[column].serial == serial_;
  return is_there ? std::optional(by_column_[column].written) : std::nullopt;
}

Value value_of_json(std::string_view written, UnescapedTexts& unescaped) {
  if (written == "null") return Null{};
  if (written == "true" || written == "false") return written == "true";
  if (is_nested(written)) return JsonText{written};
  if (!written.starts_with('"')) return number_of_json(written);
  const std::string_view text = written.substr(1, written.size() - 2);
  if (!text.contains('\\')) return text;
  const auto [found, is_new] = unescaped.try_emplace(text.data());
  if (is_new) found->second = key_text(text);
  return std::string_view(found->second);
}

}  // namespace outfall::columnar
