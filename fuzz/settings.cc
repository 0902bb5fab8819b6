// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a file of settings: values, or an error that names the file; and of a secret file no more than the
// place.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/settings_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using outfall::config::Secrecy;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto open = outfall::config::parse_settings("config.toml", Secrecy::open, text);
  const auto secret = outfall::config::parse_settings("secrets.toml", Secrecy::secret, text);
  if (open.has_value() != secret.has_value()) std::abort();
  if (open && (!open->values.is_object() || to_json(open->values) != to_json(secret->values))) std::abort();
  if (open) return 0;
  if (!open.error().message.starts_with("config.toml:")) std::abort();
  const std::string& told = secret.error().message;
  const bool is_place = told.ends_with(": this is not TOML") && told.size() < 60;
  if (!is_place && !told.contains("bytes") && !told.contains("nested")) std::abort();
  return 0;
}
