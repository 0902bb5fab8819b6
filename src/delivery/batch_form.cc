// SPDX-License-Identifier: Apache-2.0
#include "delivery/batch_form.h"

#include <optional>

namespace outfall::delivery {
namespace {

constexpr std::string_view ints_as_strings = "ints_as_strings";
constexpr std::string_view file = "file";
constexpr std::string_view dlt = "dlt";

std::string_view take_word(std::string_view& text) {
  const std::size_t space = text.find(' ');
  const std::string_view word = text.substr(0, space);
  text = space == std::string_view::npos ? std::string_view() : text.substr(space + 1);
  return word;
}

}  // namespace

std::string text_of(const BatchForm& form) {
  std::string text(name(form.format));
  const auto add = [&text](std::string_view word) { text.append(" ").append(word); };
  if (form.rows.nulls != RowNulls::omit) add(name(form.rows.nulls));
  if (form.rows.ints_as_strings) add(ints_as_strings);
  if (form.is_file) add(file);
  if (!form.skips_dlt) add(dlt);
  return text;
}

BatchForm batch_form(std::string_view text, const BatchForm& otherwise) {
  const std::optional<LoaderFileFormat> format = loader_file_format(take_word(text));
  if (!format) return otherwise;
  BatchForm form{.format = *format};
  while (!text.empty()) {
    const std::string_view word = take_word(text);
    if (const std::optional<RowNulls> nulls = row_nulls(word))
      form.rows.nulls = *nulls;
    else if (word == ints_as_strings)
      form.rows.ints_as_strings = true;
    else if (word == file)
      form.is_file = true;
    else if (word == dlt)
      form.skips_dlt = false;
    else
      return otherwise;
  }
  return form;
}

}  // namespace outfall::delivery
