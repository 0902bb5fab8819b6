// SPDX-License-Identifier: Apache-2.0
//
// DocumentPrimaryKeys: the primary keys that documents would have had as rows.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/row_keys.h"
#include "normalize/shape.h"
#include "schema/schema.h"

namespace outfall::pipeline {

class DocumentPrimaryKeys {
 public:
  /// Keys of the root tables of `shape`, as the schema has them now. `shape` outlives the object.
  DocumentPrimaryKeys(const schema::Schema& schema, const normalize::ShapeOptions& shape);

  /// As delivery::key_text says it. Empty: the table has none, the text is not a JSON object, or it has no value for a
  /// column of the key.
  std::string of(const std::string& table, std::string_view text) const;

 private:
  const normalize::ShapeOptions& shape_;
  std::map<std::string, std::vector<delivery::KeyColumn>> columns_;  ///< by table
};

}  // namespace outfall::pipeline
