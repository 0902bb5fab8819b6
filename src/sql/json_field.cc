// SPDX-License-Identifier: Apache-2.0
#include "sql/json_field.h"

#include <cstdint>
#include <cstring>
#include <string_view>

namespace outfall::sql {
namespace {

std::string number(std::int32_t value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

std::string text(std::string_view value) {
  return number(static_cast<std::int32_t>(value.size())) + std::string(value);
}

}  // namespace

const std::string& json_metadata() {
  static const std::string metadata = number(1) + text("ARROW:extension:name") + text("arrow.json");
  return metadata;
}

}  // namespace outfall::sql
