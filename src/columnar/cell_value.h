// SPDX-License-Identifier: Apache-2.0
//
// A value of an Arrow array as the public Value.
#pragma once

#include <arrow/array.h>

#include <cstdint>

#include "outfall/rows.h"

namespace outfall::columnar {

/// A value that is not null, of an array whose own type is one that columns of `type` have. Texts lie in the array.
Value value_of(DataType type, const arrow::Array& array, std::int64_t row);

}  // namespace outfall::columnar
