// SPDX-License-Identifier: Apache-2.0
//
// Text of fields with a zero byte behind each part, which neither names nor formats can hold.
#include "package/schema_key.h"

namespace outfall::package {
namespace {

void append_field(const ArrowSchema& field, std::string& key) {
  key += field.name != nullptr ? field.name : "";
  key += '\0';
  key += field.format;
  key += static_cast<char>('0' + field.flags);
  key += '\0';
}

}  // namespace

void append_schema_key(const ArrowSchema& schema, std::string& key) {
  for (int64_t i = 0; i < schema.n_children; ++i) {
    const ArrowSchema& column = *schema.children[i];
    append_field(column, key);
    if (column.dictionary != nullptr) append_field(*column.dictionary, key);
    for (int64_t part = 0; part < column.n_children; ++part) append_field(*column.children[part], key);
  }
}

}  // namespace outfall::package
