// SPDX-License-Identifier: Apache-2.0
//
// DocumentTexts: documents of a package as JSON, made from the rows in its job files: under the names that columns and
// tables have, without nulls and without the columns that a load adds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "columnar/row_texts.h"
#include "delivery/document_rows.h"
#include "delivery/nested_text.h"

namespace outfall::delivery {

class DocumentTexts {
 public:
  /// `rows` outlives the object.
  explicit DocumentTexts(DocumentRows& rows) : rows_(rows) {}

  Result<std::string> of(std::uint64_t document);

 private:
  Status open();
  Result<std::string> members_of(std::size_t table, std::uint64_t row);
  Status read(std::size_t table, std::uint64_t row, std::vector<MembersOfRows>& nested, MembersOfRows& lists);

  DocumentRows& rows_;
  std::vector<std::vector<columnar::RowTexts>> texts_{};  ///< by table and job
};

}  // namespace outfall::delivery
