// SPDX-License-Identifier: Apache-2.0
//
// DocumentRows: documents as the rows that a program gets. What is not to be changed in them is copied as it was
// written.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/document_keys.h"
#include "columnar/row_texts.h"

namespace outfall::columnar {

class DocumentRows {
 public:
  DocumentRows(std::span<const RowTextColumn> columns, const RowForm& form);

  /// Appends an object without white space, as a job file has it. False: it is none, or is broken.
  bool append(std::string_view document, std::string& out);

  /// Appends the value of a key, which are both as they are written.
  using WriteValue = std::function<void(std::string_view key, std::string_view value, std::string& out)>;
  /// The same with other values than the document's, but for null.
  bool append(std::string_view document, const WriteValue& write_value, std::string& out);

 private:
  struct Column {
    std::string null;                 ///< `"key":null`
    std::uint64_t last_document = 0;  ///< that had the key
  };
  bool append_members(std::string_view document, const WriteValue* write_value, std::string& out);
  void append_value(std::string_view value, std::string& out) const;

  const RowForm form_;
  std::vector<Column> columns_;  // those that are sent as null; none unless they are to be
  DocumentKeys keys_;            // places in columns_
  std::uint64_t documents_ = 0;
};

}  // namespace outfall::columnar
