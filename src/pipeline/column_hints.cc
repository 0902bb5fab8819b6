// SPDX-License-Identifier: Apache-2.0
#include "pipeline/column_hints.h"

#include <string>
#include <string_view>
#include <utility>

#include "schema/type_text.h"

namespace outfall::pipeline {
namespace {

/// `payload.userId` as `payload.user_id`.
std::string normalized_path(std::string_view path, const schema::Naming& naming) {
  std::string normalized;
  while (true) {
    const std::size_t dot = path.find('.');
    if (!normalized.empty()) normalized += '.';
    normalized += naming.normalize_path(path.substr(0, dot));
    if (dot == std::string_view::npos) return normalized;
    path.remove_prefix(dot + 1);
  }
}

}  // namespace

Result<normalize::ColumnHints> read_column_hints(const std::vector<ColumnHint>& hints, const schema::Naming& naming) {
  normalize::ColumnHints read;
  for (const ColumnHint& hint : hints) {
    Result<schema::WrittenType> type = schema::parse_type(hint.type);
    if (!type) return fail(std::move(type.error()).in("the type of the column " + hint.path));
    read[normalized_path(hint.path, naming)] = {.type = type->type, .precision = type->precision, .scale = type->scale};
  }
  return read;
}

}  // namespace outfall::pipeline
