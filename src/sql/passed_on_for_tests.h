// SPDX-License-Identifier: Apache-2.0
//
// For tests: a session that passes everything on to another one. What a test changes of it, it overrides.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sql/connection.h"

namespace outfall::sql::for_tests {

/// `real` outlives it.
class PassedOn : public Connection {
 public:
  explicit PassedOn(Connection& real) : real_(real) {}
  const Dialect& dialect() const override { return real_.dialect(); }
  const std::string& catalog() const override { return real_.catalog(); }
  Result<std::uint64_t> execute(std::string_view statement, std::span<const Value> values) override {
    return real_.execute(statement, values);
  }
  Result<std::vector<TextRow>> rows(std::string_view query, std::span<const Value> values) override {
    return real_.rows(query, values);
  }
  Result<std::unique_ptr<TextCursor>> cursor(std::string_view query) override { return real_.cursor(query); }
  Result<std::vector<ColumnHeader>> describe(std::string_view query) override { return real_.describe(query); }
  Status query(std::string_view query, ArrowArrayStream* out) override { return real_.query(query, out); }
  Result<std::optional<std::uint64_t>> answer(std::string_view statement, std::span<const Value> values,
                                              ArrowArrayStream* out) override {
    return real_.answer(statement, values, out);
  }
  Result<std::uint64_t> insert_stream(const TableName& table, const InsertColumns& columns,
                                      ArrowArrayStream* stream) override {
    return real_.insert_stream(table, columns, stream);
  }
  Result<std::uint64_t> insert_selected(const TableName& table, const InsertColumns& columns,
                                        std::string_view source) override {
    return real_.insert_selected(table, columns, source);
  }
  std::optional<RefusedRow> refused_row() const override { return real_.refused_row(); }
  Status begin() override { return real_.begin(); }
  Status commit() override { return real_.commit(); }
  Status roll_back() override { return real_.roll_back(); }
  void cancel() override { real_.cancel(); }

 private:
  Connection& real_;
};

}  // namespace outfall::sql::for_tests
