// SPDX-License-Identifier: Apache-2.0
#include "pipeline/column_hints.h"

#include <fmt/format.h>

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "normalize/committer.h"
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

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> parts;
  for (std::size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
    parts.push_back(path.substr(0, dot));
    path.remove_prefix(dot + 1);
  }
  parts.push_back(path);
  return parts;
}

/// The table whose rows are the list at the first `count` parts below the root; the root itself for none.
std::string table_name(const std::string& root, const std::vector<std::string_view>& parts, std::size_t count,
                       const schema::Naming& naming) {
  std::vector<std::string_view> names{root};
  names.insert(names.end(), parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(count));
  return naming.shorten_fragments(names);
}

bool is_same(const columnar::ColumnType& a, const columnar::ColumnType& b) {
  if (a.type != b.type) return false;
  const bool is_decimal = a.type == DataType::decimal || a.type == DataType::wei;
  return is_decimal ? columnar::decimal_shape(a) == columnar::decimal_shape(b) : a.precision == b.precision;
}

std::string type_text(const columnar::ColumnType& type) {
  return schema::type_text({.type = type.type, .precision = type.precision, .scale = type.scale});
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

Status check_column_hints(const normalize::ColumnHints& hints, const schema::Schema& schema,
                          const std::string& root_table, const schema::Naming& naming) {
  for (const auto& [path, type] : hints) {
    const std::vector<std::string_view> parts = split(path);
    // Any part of the path may be a list, whose rows are a table of their own.
    for (std::size_t lists = 0; lists < parts.size(); ++lists) {
      const schema::Table* table = schema.tables.find(table_name(root_table, parts, lists, naming));
      const schema::Column* column =
          table == nullptr ? nullptr : table->columns.find(naming.shorten_fragments(std::span(parts).subspan(lists)));
      if (column == nullptr || !column->type || is_same(normalize::column_type(*column), type)) continue;
      return fail(
          Error{.message = fmt::format("the column {} of {} is {} already, and --column states {}", column->name,
                                       table->name, type_text(normalize::column_type(*column)), type_text(type)),
                .hint = "leave the hint out, or load into another table or dataset",
                .blame = Blame::usage});
    }
  }
  return {};
}

}  // namespace outfall::pipeline
