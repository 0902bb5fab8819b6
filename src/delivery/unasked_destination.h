// SPDX-License-Identifier: Apache-2.0
//
// UnaskedDestination: a destination that cannot be asked what it has. It answers every question as if it were empty.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "delivery/destination.h"

namespace outfall::delivery {

class UnaskedDestination : public Destination {
 public:
  /// `refusal`: what is said to who wants to query it.
  explicit UnaskedDestination(std::string refusal) : refusal_(std::move(refusal)) {}

  Status check_dataset(const std::string&) const override { return {}; }
  Status open() override { return {}; }
  Result<std::optional<sql::StoredDataset>> inspect(const DatasetKey&) override { return std::nullopt; }
  Result<std::vector<std::string>> stored_schemas(const std::string&, Inspection) override {
    return std::vector<std::string>();
  }
  Result<std::vector<schema::ColumnThere>> columns(const std::string&, Inspection) override {
    return std::vector<schema::ColumnThere>();
  }
  Result<std::uint64_t> count_rows(const std::string&, const std::string&) override { return 0; }
  Result<bool> has_load(const std::string&, const std::string&) override { return false; }
  Result<std::vector<std::string>> recorded_loads(const std::string&, std::string_view, Inspection) override {
    return std::vector<std::string>();
  }
  Result<std::unique_ptr<sql::TextCursor>> query(const QueryRequest&) override { return keeps_nothing(); }
  Status query_rows(const QueryRequest&, ArrowArrayStream*) override { return keeps_nothing(); }

 private:
  std::unexpected<Error> keeps_nothing() const {
    return fail(Error{.message = refusal_, .hint = "", .blame = Blame::usage});
  }

  const std::string refusal_;
};

}  // namespace outfall::delivery
