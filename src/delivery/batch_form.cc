// SPDX-License-Identifier: Apache-2.0
#include "delivery/batch_form.h"

#include <optional>

namespace outfall::delivery {
namespace {

constexpr std::string_view ints_as_strings = "ints_as_strings";
constexpr std::string_view file = "file";
constexpr std::string_view with_dlt = "dlt";
constexpr std::string_view without_dlt = "no_dlt";

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
  add(form.skips_dlt ? without_dlt : with_dlt);
  return text;
}

BatchForm batch_form(std::string_view text, const BatchForm& otherwise) {
  const std::optional<LoaderFileFormat> format = loader_file_format(take_word(text));
  if (!format) return otherwise;
  // Versions that did not say whether the columns of a load were there sent a batch again as they were asked to.
  BatchForm form{.format = *format, .skips_dlt = otherwise.skips_dlt};
  while (!text.empty()) {
    const std::string_view word = take_word(text);
    if (const std::optional<RowNulls> nulls = row_nulls(word))
      form.rows.nulls = *nulls;
    else if (word == ints_as_strings)
      form.rows.ints_as_strings = true;
    else if (word == file)
      form.is_file = true;
    else if (word == with_dlt || word == without_dlt)
      form.skips_dlt = word == without_dlt;
    else
      return otherwise;
  }
  return form;
}

}  // namespace outfall::delivery
