// SPDX-License-Identifier: Apache-2.0
//
// The five conventions, each a few passes over one short string.
#include "schema/naming.h"

#include <algorithm>
#include <array>

#include "base/base64.h"
#include "base/hash.h"
#include "base/utf8.h"

namespace outfall::schema {
namespace {

constexpr std::string_view word_separator = "__";
constexpr std::string_view direct_separator = "\u25b6";
constexpr char32_t direct_separator_character = U'\u25b6';

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_ascii_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_ascii_word(char32_t c) {
  return (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z') || (c >= U'0' && c <= U'9') || c == U'_';
}

/// The letter that stands for a sign in snake_case; 0 when it has none.
char sign_letter(char32_t c) {
  switch (c) {
    case U'+':
    case U'*':
      return 'x';
    case U'-':
      return '_';
    case U'@':
      return 'a';
    case U'|':
      return 'l';
    default:
      return 0;
  }
}

enum class Signs { replaced, spelled };

/// Letters, digits of any script and underscores; each run of anything else becomes one underscore.
std::string keep_words(std::string_view name, Signs signs) {
  std::string out;
  out.reserve(name.size() + 8);
  bool in_run = false;
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t start = at;
    const char32_t c = next_code_point(name, at);
    const char letter = signs == Signs::spelled ? sign_letter(c) : '\0';
    const bool word = letter || is_ascii_word(c) || is_unicode_digit(c);
    if (letter) {
      out += letter;
    } else if (word) {
      out.append(name, start, at - start);
    } else if (!in_run) {
      out += '_';
    }
    in_run = !word;
  }
  return out;
}

/// A word begins at a capital letter that follows a small one or a digit, or that a small one follows.
std::string split_camel_case(std::string_view name) {
  std::string out;
  out.reserve(name.size() + 8);
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char before = i > 0 ? name[i - 1] : '_';
    const bool follows_word = is_lower(before) || is_ascii_digit(before);
    const bool begins_word = i + 1 < name.size() && is_lower(name[i + 1]);
    if (is_upper(name[i]) && before != '_' && (follows_word || begins_word)) out += '_';
    out += name[i];
  }
  return out;
}

/// Letters beyond ASCII never get here: they are no word characters.
void lower(std::string& name) {
  name = ascii_lower(name);
}

void guard_leading_digit(std::string& name) {
  std::size_t at = 0;
  if (!name.empty() && is_unicode_digit(next_code_point(name, at))) name.insert(name.begin(), '_');
}

void join_underscores(std::string& name) {
  const auto both = [](char a, char b) { return a == '_' && b == '_'; };
  name.erase(std::ranges::unique(name, both).begin(), name.end());
}

std::size_t trailing_underscores(std::string_view name) {
  const std::size_t last = name.find_last_not_of('_');
  return last == std::string_view::npos ? name.size() : name.size() - last - 1;
}

std::string snake_case(std::string_view name) {
  std::string out = split_camel_case(keep_words(name, Signs::spelled));
  lower(out);
  guard_leading_digit(out);
  const std::size_t trailing = trailing_underscores(out);
  out.replace(out.size() - trailing, trailing, trailing, 'x');
  join_underscores(out);
  return out;
}

std::string sql_case_sensitive(std::string_view name) {
  std::string out = keep_words(name, Signs::replaced);
  guard_leading_digit(out);
  if (out != "_") out.resize(out.size() - trailing_underscores(out));
  join_underscores(out);
  return out;
}

std::string sql_case_insensitive(std::string_view name) {
  std::string out = sql_case_sensitive(name);
  lower(out);
  return out;
}

/// Everything stays but a few characters that cannot be in an identifier.
template <class IsRefused>
std::string replace_refused(std::string_view name, IsRefused is_refused) {
  std::string out;
  out.reserve(name.size());
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t start = at;
    const char32_t c = next_code_point(name, at);
    if (c == invalid_code_point || is_refused(c)) {
      out += '_';
    } else {
      out.append(name, start, at - start);
    }
  }
  return out;
}

std::string direct(std::string_view name) {
  return replace_refused(name, [](char32_t c) {
    return c == U'\n' || c == U'\r' || c == U'\'' || c == U'"' || c == direct_separator_character;
  });
}

std::string duck_case(std::string_view name) {
  std::string out = replace_refused(name, [](char32_t c) { return c == U'\n' || c == U'\r' || c == U'"'; });
  join_underscores(out);
  return out;
}

std::string apply(NamingConvention convention, std::string_view name) {
  switch (convention) {
    case NamingConvention::snake_case:
      return snake_case(name);
    case NamingConvention::direct:
      return direct(name);
    case NamingConvention::duck_case:
      return duck_case(name);
    case NamingConvention::sql_ci_v1:
      return sql_case_insensitive(name);
    case NamingConvention::sql_cs_v1:
      return sql_case_sensitive(name);
  }
  return std::string(name);
}

/// The name of what would have none. It normalizes to itself under every convention.
std::string spell_out(std::string_view name) {
  const std::string_view kept = strip(name);
  if (kept.empty()) return "_empty";
  return "_" + std::string(utf8_length(kept), 'x');
}

bool begins_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
}

/// Whole characters from the beginning, or from the end, of at most so many bytes.
std::string_view prefix_of_bytes(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && !begins_character(text[bytes])) --bytes;
  return text.substr(0, bytes);
}

std::string_view suffix_of_bytes(std::string_view text, std::size_t bytes) {
  std::size_t at = text.size() - std::min(text.size(), bytes);
  while (at < text.size() && !begins_character(text[at])) ++at;
  return text.substr(at);
}

}  // namespace

std::string collision_tag(std::string_view name) {
  // Four bytes: among 1,000 names cut to the same ends, two share a tag with a probability of 0.0001.
  std::array<std::uint8_t, 4> digest;
  Shake128().digest(name, digest);
  std::string tag = base64_encode(digest, Base64Padding::none);
  std::ranges::replace(tag, '/', 'a');
  std::ranges::replace(tag, '+', 'b');
  lower(tag);
  return tag;
}

Naming::Naming(NamingConvention convention, std::optional<NameLimit> limit) : convention_(convention), limit_(limit) {
  if (limit_) limit_->length = std::max(limit_->length, max_length_min);
}

std::string_view Naming::separator() const {
  return convention_ == NamingConvention::direct ? direct_separator : word_separator;
}

bool Naming::is_case_sensitive() const {
  return convention_ != NamingConvention::snake_case && convention_ != NamingConvention::sql_ci_v1;
}

std::string Naming::normalize_identifier(std::string_view name) const {
  std::string out = normalize_part(name);
  return out.empty() ? shorten(spell_out(name), strip(name)) : out;
}

std::string Naming::normalize_path(std::string_view path) const {
  std::string out;
  for (const std::string_view part : break_path(path)) {
    const std::string normalized = normalize_part(part);
    if (normalized.empty()) continue;
    if (!out.empty()) out += separator();
    out += normalized;
  }
  if (out.empty()) out = spell_out(path);
  return shorten(std::move(out), path);
}

std::string Naming::normalize_part(std::string_view part) const {
  const std::string_view kept = strip(part);
  return shorten(apply(convention_, kept), kept);
}

std::vector<std::string_view> Naming::break_path(std::string_view path) const {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find(separator(), begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (!strip(part).empty()) parts.push_back(part);
    begin = end + separator().size();
  }
  return parts;
}

std::string Naming::shorten_fragments(std::span<const std::string_view> names) const {
  std::string out;
  for (const std::string_view name : names) {
    if (strip(name).empty()) continue;
    if (!out.empty()) out += separator();
    out += name;
  }
  if (out.empty()) out = spell_out("");
  const std::string raw = out;
  return shorten(std::move(out), raw);
}

std::string Naming::shorten(std::string name, std::string_view raw) const {
  // A name has at most as many characters as bytes, so most are done here.
  if (!limit_ || name.size() <= limit_->length) return name;
  const bool is_short = utf8_length(name) <= limit_->length;
  const bool counts_bytes = limit_->unit == LengthUnit::bytes;
  if (is_short && !counts_bytes) return name;
  const std::string tag = collision_tag(raw);
  const std::size_t rest = limit_->length - tag.size();
  // What is short enough by characters is so in bytes as well, unless it has others than ASCII's.
  if (!is_short) {
    std::string out(utf8_prefix(name, rest - rest / 2));
    out += tag;
    out += utf8_suffix(name, rest / 2);
    if (!counts_bytes || out.size() <= limit_->length) return out;
  }
  return std::string(prefix_of_bytes(name, rest - rest / 2)) + tag + std::string(suffix_of_bytes(name, rest / 2));
}

}  // namespace outfall::schema
