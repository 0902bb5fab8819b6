// SPDX-License-Identifier: Apache-2.0
//
// DocumentPrimaryKeys: the primary keys that documents would have had as rows.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/document_keys.h"
#include "delivery/row_keys.h"
#include "normalize/shape.h"
#include "schema/schema.h"

namespace outfall::pipeline {

class DocumentPrimaryKeys {
 public:
  /// Keys of the root tables of `shape`, as the schema has them now; which columns there are is asked each time. Both
  /// outlive the object.
  DocumentPrimaryKeys(const schema::Schema& schema, const normalize::ShapeOptions& shape);

  /// As delivery::key_text says it. Empty: the table has none, the text is not a JSON object, or it has no value for a
  /// column of the key.
  std::string of(const std::string& table, std::string_view text);

 private:
  struct Root {
    std::vector<delivery::KeyColumn> key;
    columnar::DocumentKeys columns;  ///< places in `key`; of other columns none of these
    std::size_t known = 0;           ///< columns of the table that are there
  };
  void learn_columns(const std::string& table, Root& root) const;

  const schema::Schema& schema_;
  const normalize::ShapeOptions& shape_;
  std::map<std::string, Root> roots_;  ///< by table
};

}  // namespace outfall::pipeline
