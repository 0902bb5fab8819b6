// SPDX-License-Identifier: Apache-2.0
//
// A file of settings, `secrets.toml` or `config.toml`, as a tree of values.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "outfall/error.h"

namespace outfall::config {

enum class Secrecy {
  open,
  secret,  ///< never shown: not in a message, not in a report, not in the state store
};

struct SettingsFile {
  std::string path;
  Secrecy secrecy = Secrecy::open;
  Json values;  ///< an object; tables are objects, dates and times are text
};

/// Whether what goes by this name is secret wherever it stands: a password, a token, and their like.
bool is_secret_name(std::string_view name);

/// Errors: usage: it is not TOML (file, line and column, and what was expected), or too large.
Result<SettingsFile> parse_settings(std::string path, Secrecy secrecy, std::string_view text);

}  // namespace outfall::config
