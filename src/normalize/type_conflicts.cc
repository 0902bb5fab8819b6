// SPDX-License-Identifier: Apache-2.0
#include "normalize/type_conflicts.h"

namespace outfall::normalize {
schema::ColumnType settled_type(TypeConflicts policy, const schema::ColumnType& column,
                                const schema::ColumnType& value) {
  if (policy != TypeConflicts::widen) return {};
  const schema::ColumnType wider = schema::wider_type(column, value);
  return wider != column ? wider : schema::ColumnType{};
}

}  // namespace outfall::normalize
