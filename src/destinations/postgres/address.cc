// SPDX-License-Identifier: Apache-2.0
#include "destinations/postgres/address.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace outfall::destinations::postgres {
namespace {

constexpr std::string_view schemes[] = {"postgres://", "postgresql://"};
constexpr std::string_view words_scheme = "postgres:";

/// What libpq takes for the end of a word.
constexpr std::string_view blanks = " \t\n\v\f\r";

/// Options whose values are secret.
constexpr std::array<std::string_view, 2> secrets{"password", "sslpassword"};

/// What we ask libpq for where the address does not say it: 15 s to connect, a minute until a network that swallows
/// everything is a lost connection.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> limits{{{"connect_timeout", "15"},
                                                                               {"tcp_user_timeout", "60000"},
                                                                               {"keepalives_idle", "30"},
                                                                               {"keepalives_interval", "10"},
                                                                               {"keepalives_count", "3"},
                                                                               {"application_name", "outfall"}}};

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string_view key_of(std::string_view option) {
  return option.substr(0, option.find('='));
}

bool is_secret(std::string_view option) {
  return std::ranges::find(secrets, key_of(option)) != secrets.end();
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// Whether each % has two digits behind it that stand for a character.
bool is_escaped(std::string_view text) {
  for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    const std::string_view digits = text.substr(at + 1, 2);
    if (digits.size() < 2 || !std::ranges::all_of(digits, is_hex) || digits == "00") return false;
  }
  return true;
}

/// The parts of an address behind its scheme.
struct Parts {
  std::string_view user;  ///< with the password
  std::string_view hosts;
  std::string_view database;  ///< with its slash
  std::vector<std::string_view> options;
  std::string_view unescaped{};  ///< what libpq would take for the end of a part; empty: nothing
};

/// Where the user and the password end. libpq takes the first @, unless a slash comes before it: then there are none.
/// What may be a password all the same is taken for one.
std::size_t user_size(std::string_view rest, std::string_view& unescaped) {
  const std::size_t first = rest.find('@');
  const std::size_t slash = rest.find('/');
  if (first == std::string_view::npos) return 0;
  if (first < slash) {
    const std::size_t last = rest.substr(0, rest.find_first_of("/?", first)).rfind('@');
    if (last != first) unescaped = "@";
    return last;
  }
  // Before the slash a host, with a port, would look like a user with the beginning of a password.
  const std::size_t last = rest.substr(0, rest.find('?')).rfind('@');
  if (last == std::string_view::npos || rest.find(':') > slash) return 0;
  unescaped = "/";
  return last;
}

Parts divide(std::string_view rest) {
  Parts parts;
  const std::size_t user = user_size(rest, parts.unescaped);
  parts.user = rest.substr(0, user);
  const std::string_view behind = rest.substr(user);
  const std::size_t question = std::min(behind.find('?'), behind.size());
  const std::size_t slash = std::min(behind.find('/'), question);
  parts.hosts = behind.substr(0, slash);
  parts.database = behind.substr(slash, question - slash);
  if (question < behind.size()) parts.options = split(behind.substr(question + 1), '&');
  const bool are_options = std::ranges::all_of(
      parts.options, [](std::string_view option) { return option.find('=') != std::string_view::npos; });
  if (!are_options) parts.unescaped = "&";
  if (!is_escaped(rest)) parts.unescaped = "%";
  return parts;
}

std::string shown_uri(const Parts& parts) {
  // What looks like a port may be the beginning of a password.
  const bool is_known = parts.unescaped.empty() || !parts.user.empty();
  if (!is_known) return fmt::format("postgres://{}", parts.hosts.substr(0, parts.hosts.find(':')));
  std::string options;
  for (const std::string_view option : parts.options) {
    const bool is_shown = !is_secret(option) && option.find('=') != std::string_view::npos;
    if (is_shown) options += fmt::format("{}{}", options.empty() ? "?" : "&", option);
  }
  return fmt::format("postgres://{}{}{}{}", parts.user.substr(0, parts.user.find(':')), parts.hosts, parts.database,
                     options);
}

Result<Address> parse_uri(std::string_view rest) {
  const Parts parts = divide(rest);
  std::string shown = shown_uri(parts);
  if (!parts.unescaped.empty()) {
    return fail(Error{.message = fmt::format("destination {}: a {} in it is not escaped", shown, parts.unescaped),
                      .hint = "in a password write %40 for @, %2F for /, %26 for & and %25 for %",
                      .blame = Blame::usage});
  }
  std::string options;
  for (const std::string_view option : parts.options)
    options += fmt::format("{}{}", options.empty() ? "?" : "&", option);
  for (const auto& [key, value] : limits) {
    if (std::ranges::find(parts.options, key, key_of) != parts.options.end()) continue;
    options += fmt::format("{}{}={}", options.empty() ? "?" : "&", key, value);
  }
  return Address{.uri = fmt::format("postgresql://{}{}{}{}", parts.user, parts.hosts, parts.database, options),
                 .shown = std::move(shown)};
}

struct Word {
  std::string_view key;
  std::string_view value;  ///< as it is written
};

/// Where a value ends, as libpq has it. npos: it does not, because its quote does not.
std::size_t value_end(std::string_view words, std::size_t at) {
  const bool is_quoted = at < words.size() && words[at] == '\'';
  if (is_quoted) ++at;
  for (; at < words.size(); ++at) {
    if (is_quoted ? words[at] == '\'' : blanks.find(words[at]) != std::string_view::npos) break;
    if (words[at] == '\\') ++at;
  }
  if (!is_quoted) return std::min(at, words.size());
  return at < words.size() ? at + 1 : std::string_view::npos;
}

/// `host = db dbname='my data'` up to the first that is none. False: there is one.
bool divide_words(std::string_view words, std::vector<Word>& found) {
  while (true) {
    words.remove_prefix(std::min(words.find_first_not_of(blanks), words.size()));
    if (words.empty()) return true;
    const std::size_t key = std::min(words.find('='), words.find_first_of(blanks));
    const std::size_t sign = words.find_first_not_of(blanks, key);
    if (sign == std::string_view::npos || words[sign] != '=') return false;
    const std::size_t begin = std::min(words.find_first_not_of(blanks, sign + 1), words.size());
    const std::size_t end = value_end(words, begin);
    if (end == std::string_view::npos) return false;
    found.push_back({.key = words.substr(0, key), .value = words.substr(begin, end - begin)});
    words.remove_prefix(end);
  }
}

std::string shown_words(const std::vector<Word>& words) {
  std::string shown(words_scheme);
  for (const auto& [key, value] : words) {
    if (is_secret(key)) continue;
    shown += fmt::format("{}{}={}", shown.size() > words_scheme.size() ? " " : "", key, value);
  }
  return shown;
}

Result<Address> parse_words(std::string_view text) {
  std::vector<Word> words;
  const bool are_all = divide_words(text, words);
  std::string shown = shown_words(words);
  if (!are_all) {
    return fail(Error{.message = fmt::format("destination {}: what comes behind that is no KEY=VALUE", shown),
                      .hint = "a value with blanks stands in quotes: password='a b'",
                      .blame = Blame::usage});
  }
  std::string uri(text);
  for (const auto& [key, value] : limits) {
    if (std::ranges::find(words, key, &Word::key) == words.end()) uri += fmt::format(" {}={}", key, value);
  }
  return Address{.uri = std::move(uri), .shown = std::move(shown)};
}

}  // namespace

bool is_address(std::string_view address) {
  return address.starts_with(schemes[1]) || address.starts_with(words_scheme);
}

Result<Address> parse_address(std::string_view address) {
  for (const std::string_view scheme : schemes) {
    if (address.starts_with(scheme)) return parse_uri(address.substr(scheme.size()));
  }
  const std::string_view words = address.substr(std::min(words_scheme.size(), address.size()));
  if (address.starts_with(words_scheme) && words.find('=') != std::string_view::npos) return parse_words(words);
  return fail(Error{.message = fmt::format("destination {}: not an address of PostgreSQL", address),
                    .hint = "write postgres://USER@HOST:PORT/DATABASE, or postgres:host=HOST dbname=DATABASE",
                    .blame = Blame::usage});
}

std::string shown_address(std::string_view address) {
  for (const std::string_view scheme : schemes) {
    if (address.starts_with(scheme)) return shown_uri(divide(address.substr(scheme.size())));
  }
  std::vector<Word> words;
  divide_words(address.substr(std::min(words_scheme.size(), address.size())), words);
  return shown_words(words);
}

}  // namespace outfall::destinations::postgres
