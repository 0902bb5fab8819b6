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

/// Options whose values are secret.
constexpr std::array<std::string_view, 2> secrets{"password", "sslpassword"};

/// What we ask libpq for where the address does not say it: 15 s to connect, a minute until a network that swallows
/// everything is a lost connection.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> limits{
    {{"connect_timeout", "15"}, {"tcp_user_timeout", "60000"}, {"application_name", "outfall"}}};

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

/// `//USER:PASSWORD@HOST` without the password.
std::string without_password(std::string_view authority) {
  const std::size_t at = authority.rfind('@');
  if (at == std::string_view::npos) return std::string(authority);
  const std::size_t colon = authority.substr(0, at).find(':');
  if (colon == std::string_view::npos) return std::string(authority);
  return std::string(authority.substr(0, colon)) + std::string(authority.substr(at));
}

Address parse_uri(std::string_view address, std::string_view scheme) {
  const std::string_view rest = address.substr(scheme.size());
  const std::size_t question = std::min(rest.find('?'), rest.size());
  const std::string_view place = rest.substr(0, question);
  // A slash may stand in a password, unescaped, in front of the last @ only.
  const std::size_t at = place.rfind('@');
  const std::size_t slash = place.find('/', at == std::string_view::npos ? 0 : at);
  const std::string_view authority = place.substr(0, slash);
  const std::string_view database = slash == std::string_view::npos ? std::string_view() : place.substr(slash);

  std::string options;
  std::string shown_options;
  std::vector<std::string_view> given;
  if (question < rest.size()) given = split(rest.substr(question + 1), '&');
  for (const std::string_view option : given) {
    options += fmt::format("{}{}", options.empty() ? "?" : "&", option);
    if (!is_secret(option)) shown_options += fmt::format("{}{}", shown_options.empty() ? "?" : "&", option);
  }
  for (const auto& [key, value] : limits) {
    if (std::ranges::find(given, key, key_of) != given.end()) continue;
    options += fmt::format("{}{}={}", options.empty() ? "?" : "&", key, value);
  }
  return {.uri = fmt::format("postgresql://{}{}{}", authority, database, options),
          .shown = fmt::format("postgres://{}{}{}", without_password(authority), database, shown_options)};
}

/// `host=db dbname='my data'`, as libpq reads it: a value in quotes may have blanks, and a backslash before anything.
Address parse_words(std::string_view words) {
  Address found{.uri = std::string(words), .shown = std::string(words_scheme)};
  std::vector<std::string> keys;
  for (std::size_t at = 0; at < words.size();) {
    at = words.find_first_not_of(' ', at);
    if (at == std::string_view::npos) break;
    const std::size_t begin = at;
    bool is_quoted = false;
    for (; at < words.size() && (is_quoted || words[at] != ' '); ++at) {
      if (words[at] == '\\')
        ++at;
      else if (words[at] == '\'')
        is_quoted = !is_quoted;
    }
    at = std::min(at, words.size());
    const std::string_view option = words.substr(begin, at - begin);
    keys.emplace_back(key_of(option));
    if (is_secret(option)) continue;
    if (found.shown.size() > words_scheme.size()) found.shown += ' ';
    found.shown += option;
  }
  for (const auto& [key, value] : limits) {
    if (std::ranges::find(keys, key) == keys.end()) found.uri += fmt::format(" {}={}", key, value);
  }
  return found;
}

}  // namespace

bool is_address(std::string_view address) {
  return address.starts_with(schemes[1]) || address.starts_with(words_scheme);
}

Result<Address> parse_address(std::string_view address) {
  for (const std::string_view scheme : schemes) {
    if (address.starts_with(scheme)) return parse_uri(address, scheme);
  }
  const std::string_view words = address.substr(std::min(words_scheme.size(), address.size()));
  if (address.starts_with(words_scheme) && words.find('=') != std::string_view::npos) return parse_words(words);
  return fail(Error{.message = fmt::format("destination {}: not an address of PostgreSQL", address),
                    .hint = "write postgres://USER@HOST:PORT/DATABASE, or postgres:host=HOST dbname=DATABASE",
                    .blame = Blame::usage});
}

}  // namespace outfall::destinations::postgres
