// SPDX-License-Identifier: Apache-2.0
//
// Refusals for tests of what refuses documents.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "delivery/destination.h"

namespace outfall::delivery {

/// Keeps what it is told, and allows so many.
struct ToldRefusals final : Refusals {
  bool allowed = true;
  std::uint64_t most = 100;
  std::vector<RefusedDocument> documents;
  std::map<std::string, std::uint64_t> rows;
  bool is_kept = false;

  bool are_allowed() const override { return allowed; }
  bool wants_texts() const override { return true; }
  Status begin(std::uint64_t count, const std::map<std::string, std::uint64_t>& refused,
               const std::string& first_reason) override {
    documents.clear();
    is_kept = false;
    rows = refused;
    std::erase_if(rows, [](const auto& table) { return table.second == 0; });
    return count <= most ? Status() : fail(std::to_string(count) + " are too many, the first: " + first_reason);
  }
  Status take(const RefusedDocument& document) override {
    documents.push_back(document);
    return {};
  }
  Status keep() override {
    is_kept = true;
    return {};
  }

  std::vector<std::pair<std::uint64_t, std::string>> texts() const {
    std::vector<std::pair<std::uint64_t, std::string>> found;
    for (const RefusedDocument& document : documents) found.emplace_back(document.row, document.text);
    return found;
  }
};

}  // namespace outfall::delivery
