// SPDX-License-Identifier: Apache-2.0
//
// The walker's errors: what is wrong with a document, and where.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/utf8.h"
#include "normalize/shaper.h"
#include "normalize/walker.h"

namespace outfall::normalize {
namespace {

constexpr std::size_t sample_bytes_max = 80;

std::string_view explain(simdjson::error_code code) {
  switch (code) {
    case simdjson::TAPE_ERROR:
      return "a value, comma, colon or bracket is missing or misplaced";
    case simdjson::STRING_ERROR:
      return "a text has a broken escape";
    case simdjson::T_ATOM_ERROR:
    case simdjson::F_ATOM_ERROR:
    case simdjson::N_ATOM_ERROR:
    case simdjson::INCORRECT_TYPE:  // A value is told by its first character; only a word can turn out to be another.
      return "a word is none of true, false and null";
    case simdjson::NUMBER_ERROR:
      return "a number is not written as JSON writes numbers";
    case simdjson::UTF8_ERROR:
      return "the bytes are not valid UTF-8";
    case simdjson::UNESCAPED_CHARS:
      return "a text has a control character that is not escaped";
    case simdjson::UNCLOSED_STRING:
      return "a text has no closing quote";
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
      return "it ends inside an object or a list";
    case simdjson::EMPTY:
      return "there is nothing but blanks";
    default:
      return simdjson::error_message(code);
  }
}

std::size_t first_invalid_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t begin = at;
    if (next_code_point(text, at) == invalid_code_point) return begin;
  }
  return at;
}

/// The control character in a string, or the opening quote of the string that does not end.
std::size_t first_broken_string(std::string_view text) {
  std::size_t opened = std::string_view::npos;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') {
      opened = opened == std::string_view::npos ? at : std::string_view::npos;
    } else if (opened != std::string_view::npos) {
      if (static_cast<unsigned char>(text[at]) < ' ') return at;
      if (text[at] == '\\') ++at;
    }
  }
  return opened == std::string_view::npos ? 0 : opened;
}

/// What brackets and quotes alone tell of a document, whatever else is wrong with it.
struct Outline {
  std::size_t end = std::string_view::npos;       ///< behind its value
  std::size_t too_deep = std::string_view::npos;  ///< the first bracket that opens one level too many
};

constexpr std::string_view blanks = " \t\r\n";

Outline outline_of(std::string_view text, std::size_t levels_max) {
  Outline outline;
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t at = std::min(text.find_first_not_of(blanks), text.size()); at < text.size(); ++at) {
    const char byte = text[at];
    if (in_string && byte == '\\') {
      ++at;
    } else if (byte == '"') {
      in_string = !in_string;
    } else if (in_string) {
      continue;
    } else if (byte == '{' || byte == '[') {
      if (++depth > levels_max) outline.too_deep = std::min(outline.too_deep, at);
    } else if (depth > 0 && (byte == '}' || byte == ']')) {
      --depth;
    } else if (depth == 0) {
      const std::size_t word_end = std::min(text.find_first_of(" \t\r\n,:{}[]\"", at), text.size());
      if (word_end == at) return outline;  // no value begins so
      at = word_end - 1;
    }
    if (depth == 0 && !in_string) {
      outline.end = at + 1;
      return outline;
    }
  }
  return outline;
}

/// What programs write for numbers that JSON has no word for, if it stands at a place.
std::string_view word_of_no_number(std::string_view text, std::size_t place) {
  constexpr std::array<std::string_view, 8> words{"NaN", "-NaN", "Infinity", "-Infinity", "nan", "-nan", "inf", "-inf"};
  if (place > 0 && place < text.size() && text[place - 1] == '-') --place;
  const auto* const word =
      std::ranges::find_if(words, [&](std::string_view one) { return text.substr(place).starts_with(one); });
  return word == words.end() ? "" : *word;
}

char lower_ascii(char byte) {
  return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
}

/// The command that loads the input without a key of its documents, keys of objects joined with dots.
std::string without_path(std::string_view path) {
  std::string steps;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('.', at), path.size());
    steps += fmt::format(".\"{}\"", path.substr(at, end - at));
    at = end + 1;
  }
  return fmt::format("jq -c 'del({})' INPUT | outfall run - --table TABLE, with the other options as they are", steps);
}

/// The same without a key, wherever it stands.
std::string without_key(std::string_view key) {
  return fmt::format("jq -c 'del(..|.\"{}\"?)' INPUT | outfall run - --table TABLE, with the other options as they are",
                     key);
}

}  // namespace

std::string_view sample(std::string_view value) {
  if (value.size() <= sample_bytes_max) return value;
  std::size_t end = sample_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0) == 0x80) --end;
  return value.substr(0, end);
}

Walker::Step Walker::fail(std::string message, std::string hint) {
  error_ = DocumentError{std::move(message), std::move(hint), value_offset_};
  return Step::failed;
}

Walker::Step Walker::fail_input(std::string message, std::string hint) {
  (void)fail(std::move(message), std::move(hint));
  error_->extent = DocumentError::Extent::input;
  return Step::failed;
}

Walker::Step Walker::fail_depth() {
  const std::size_t place = outline_of(source_.text, limits::nesting_depth_max).too_deep;
  if (place != std::string_view::npos) value_offset_ = offset_in_hand(place);
  return fail(fmt::format("the document nests deeper than {} levels", limits::nesting_depth_max),
              "write what is deeper as a text that holds JSON");
}

Walker::Step Walker::fail_columns(const TableShape& table) {
  return fail_input(fmt::format("the table {} would get more than {} columns", table.name, limits::table_columns_max),
                    "keys that are data (ids, dates) belong into values; --max-table-nesting keeps objects as JSON");
}

Walker::Step Walker::fail_rest(std::size_t place) {
  value_offset_ = offset_in_hand(place);
  return fail("there is more behind the end of the document",
              "NDJSON has one document a line, and an array has commas between them");
}

std::size_t Walker::find_rest() const {
  const std::size_t end = outline_of(source_.text, limits::nesting_depth_max).end;
  return source_.text.find_first_not_of(blanks, end);
}

DocumentError parse_error(simdjson::error_code code) {
  switch (code) {
    case simdjson::MEMALLOC:
      return {.message = "not enough memory for this document",
              .hint = "fewer --workers need less",
              .extent = DocumentError::Extent::input};
    case simdjson::CAPACITY:
      return {.message = "the document is too long for the parser", .hint = "write it as several documents"};
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
      return {.message = fmt::format("this is not JSON: {}", explain(code)),
              .hint = "an input has one whole document a line (jq -c . writes it so), or one array"};
    case simdjson::UTF8_ERROR:
      return {
          .message = fmt::format("this is not JSON: {}", explain(code)),
          .hint =
              "text in Latin-1 is recoded so: iconv -f latin1 -t UTF-8 INPUT | outfall run - --table TABLE, with the "
              "other options as they are"};
    default:
      return {.message = fmt::format("this is not JSON: {}", explain(code)), .hint = ""};
  }
}

Walker::Step Walker::fail_parse(simdjson::error_code code) {
  if (code == simdjson::DEPTH_ERROR) return fail_depth();
  const char* location = nullptr;
  std::size_t offset = value_offset_;
  if (document_is_open_ && !document_.current_location().get(location) && location >= text_.data()) {
    offset = std::min(static_cast<std::size_t>(location - text_.data()), text_.size());
  }
  if (code == simdjson::UTF8_ERROR) offset = first_invalid_utf8(text_);
  if (code == simdjson::UNESCAPED_CHARS || code == simdjson::UNCLOSED_STRING) offset = first_broken_string(text_);
  if (code == simdjson::INCOMPLETE_ARRAY_OR_OBJECT || code == simdjson::TAPE_ERROR) {
    // The parser tells it by what it misses at the end of the text, or where it did not expect anything more.
    const std::size_t rest = find_rest();
    const bool is_there = code == simdjson::INCOMPLETE_ARRAY_OR_OBJECT || offset >= offset_in_hand(rest);
    if (rest != std::string_view::npos && is_there) return fail_rest(rest);
  }
  error_ = parse_error(code);
  error_->offset = offset;
  if (const std::string_view word = word_of_no_number(text_, std::min(offset, text_.size())); !word.empty()) {
    error_->message = fmt::format("this is not JSON, which has no {}", word);
    error_->hint = fmt::format("write null, or \"{}\" as a text", word);
  }
  return Step::failed;
}

Walker::Step Walker::fail_reserved(const KeySlot& slot) {
  return fail(fmt::format("the key \"{}\" begins with _dlt, which is kept for columns that describe the load",
                          sample(slot.key)),
              fmt::format("rename it, or leave it out: {}", without_key(sample(slot.key))));
}

Walker::Step Walker::fail_utf8() {
  value_offset_ = first_invalid_utf8(text_);
  return fail("the bytes are not valid UTF-8", "--encoding says how the file is written, such as --encoding latin1");
}

Walker::Step Walker::fail_collision(const ObjectShape& shape, const ColumnSlot& column, const KeySlot& slot) {
  const TableShape& table = *shape.table;
  const std::string first = column.row_object->keys + column.row_key->key;
  const std::string second = shape.keys + slot.key;
  // Names that differ in nothing but case are one name to most databases, whatever the convention; and no convention
  // keeps a path and a key that is spelled like it apart.
  const bool only_case = std::ranges::equal(first, second, {}, lower_ascii, lower_ascii);
  const schema::Naming duck_case(NamingConvention::duck_case);
  const bool ducks = !only_case && column.row_key->identifier == slot.identifier &&
                     duck_case.normalize_path(column.row_key->key) != duck_case.normalize_path(slot.key);
  const std::string one_out =
      table.parent == nullptr && !slot.key.contains('.') ? without_path(second) : without_key(sample(slot.key));
  return fail(fmt::format("the keys \"{}\" and \"{}\" of one document both become the column {} of {}", sample(first),
                          sample(second), column.name, table.name),
              ducks ? std::string("--on-collision suffix keeps both, and so does --naming duck_case in a new dataset")
                    : "--on-collision suffix keeps both; to leave one out: " + one_out);
}

}  // namespace outfall::normalize
