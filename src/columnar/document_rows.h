// SPDX-License-Identifier: Apache-2.0
//
// DocumentRows: documents as the rows that a program gets. What is not to be changed in them is copied as it was
// written.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "columnar/row_texts.h"
#include "schema/naming.h"

namespace outfall::columnar {

class DocumentRows {
 public:
  DocumentRows(std::span<const RowTextColumn> columns, const RowForm& form);

  /// Appends an object without white space, as a job file has it. False: it is none, or is broken.
  bool append(std::string_view document, std::string& out);

 private:
  struct Column {
    std::string null;                 ///< `"key":null`
    std::uint64_t last_document = 0;  ///< that had the key
  };
  bool append_members(std::string_view document, std::string& out);
  void note(std::string_view key);

  const RowForm form_;
  const schema::Naming naming_{NamingConvention::direct};
  std::vector<Column> columns_;                           // those that are sent as null; none unless they are to be
  std::unordered_map<std::string, std::size_t> by_name_;  // places in columns_
  std::string name_;                                      // of the key in hand
  std::uint64_t documents_ = 0;
};

}  // namespace outfall::columnar
